/** The JWKS that the seed document shows, word for word. */
export const SEED_JWKS = {
  keys: [
    {
      use: 'sig',
      kty: 'EC',
      kid: 'ccc5bc9d835ff3c8f7075ed4a7510159cf440fd7bf7b517b5caeb1fa419ee6a1',
      crv: 'P-256',
      alg: 'ES256',
      x: 'QCN7adG2AmIK3UdHJvVJkldsUc6XeBRz83Z4rXX8Va4',
      y: 'PI95b-ary66nrvA55TpaiWADq8b3O1CYIbvjqIHpXCY',
    },
  ],
} as const;

/**
 * `ec_public.pem` as the seed document's commands make it:
 * `openssl ecparam -genkey -name prime256v1 -noout` and `openssl req -x509 -new -days 1000000 -subj /CN=unused`.
 * The private key was thrown away after it signed `SEED_TOKEN`.
 */
export const SEED_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBeTCCAR+gAwIBAgIUDdpVbeGxymGkFmzREOVAywZOlaYwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGdW51c2VkMCAXDTI2MTEyMzE4MTIyNFoYDzQ3NjQxMDIwMTgx
MjI0WjARMQ8wDQYDVQQDDAZ1bnVzZWQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AARxTmVtyKD1gu4yp5f+WEPLUsNmaJQDfvFiKrxgFEEr2v+LSWIomIqsFPJh3fTr
UijVxhydvLrLxOg8pzWJwLJgo1MwUTAdBgNVHQ4EFgQUTk2sEzhjIlRPfmhTLK3d
/94lCtgwHwYDVR0jBBgwFoAUTk2sEzhjIlRPfmhTLK3d/94lCtgwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiAJb7l4K34Fw4tEafyHNTJ7+fuGi9wN
9aBH4bavXusiFgIhANIiOjjYcVUh49WmprNop5yi8qrkdMMw5xFHAPB1g7wF
-----END CERTIFICATE-----
`;

/** Signed by that key, without kid, as before July 2020; valid at the tests' `NOW`. */
export const SEED_TOKEN =
  'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJhdWQiOiJhcHAuY29ycC5leGFtcGxlLmNvbSIsImVtYWlsIjoiYWxpY2VAZXhhbXBsZS5jb20iLCJleHAiOjE3OTUwMDAzMDAsImlhdCI6MTc5NTAwMDAwMCwiaXNzIjoiYXBwLmNvcnAuZXhhbXBsZS5jb20iLCJzdWIiOiJ1LWFsaWNlIiwidXNlciI6InUtYWxpY2UifQ._NtCJPusdfLq4mWbf_xPajunPlBVw1AanyU7dBuMvwlGwVCdjfsZU92Nj3pn2_cCFljagmmT6zPRuLfba3fzbQ';

/** `openssl ecparam -genkey -name secp384r1 -noout | openssl pkey -pubout` */
export const P384_SPKI = `-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEPo74IW8d9T5iK5XCmLKpbkfZJh+DK2Hp
AzHxiOFintMFepWs4iK6X8/lSbiSEgjBNlh5fIM2ONWtQhdEqAeN0OZFjP0/ZccD
iu9raxAJYTG72CWv76abSrqQnTY01QBZ
-----END PUBLIC KEY-----
`;

/** Public keys that no verifier of ours uses, made for these tests. */
export const OTHER_SPKI = {
  p521: `-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAAsTChHvABNIIxNoY4bjnV9xr7Gh8
p22mrct++tZW4YroIGbYxbb5fElS1TwjyRGMyFGT5unhHe2GdQGNA82Ea5wBaCVB
f8J011PICp5rzzmgqkk9QPmoN+t4TiPwAs8qY8oj6Q3TXwIk3kzIh12S8Oq5/tth
57+WMdaWZjCMFrg1k4s=
-----END PUBLIC KEY-----`,
  secp256k1: `-----BEGIN PUBLIC KEY-----
MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEDLg3U2LC//adjjSzn3MzYYSWW4ThefV0
Zg0+uPmImKZftsLr1pF2ZGQcN70AbZFW6RC+4NJiFxF0GOO2uK4+/A==
-----END PUBLIC KEY-----`,
  x25519: `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAN94wo7Yb5dM2HYtvsIPxxIkJ+OLNgmdpKSW+rYmXJlI=
-----END PUBLIC KEY-----`,
  dsa: `-----BEGIN PUBLIC KEY-----
MIIDRzCCAjoGByqGSM44BAEwggItAoIBAQCLisxoCWxWowHSmmgkduOXbJP6XMWh
ieWfEN60kNS1R+l/6700w5gNdcgnF44naVwd8PkmkDNS0tajXTrse7VDwbyCjocX
pnDNsXNIYkzeYw1sqsN6Xrk90CYxqgdC8t87tyvKUQ0FuGmg5hz0PyFWDPQS3hRL
osNMDq4hiLDRXp70K13ln11nh2tvJLahIVoCbELl6wkzTPs9ecCH1X9awz6i61+m
tJRroO9OQXzzT65UoHhljN1zGRTZJ4w8klq2LhlSWMWhKY4hid84x/BHHVZiwA5W
pJuWtnjXrRoFzq8EhxnRINudAhhZpmLMdwLd4SmuIp8MOensRzTTmU2FAiEA9ogS
nxcW/2AW4OY44BwRF0umm5g7N1wQcnr+EHZwGpkCggEBAIQqece4wLTyj541PnBJ
DjDPf+q/0aIqE8k7wnbdFYrMZGaXH3xTSv4X4tcdBSPTJ/Klm03FF22Ai3WoWfl3
x1mdF/TvmpZmRYwYi0EhGi25GsF70p7UutwBlUn7i/tDPIdzGSnTeX2lxOlSc3Oe
ykI3LCfR2bag3TbfXXX105EyUDmKOlLARYdzLum+xfqBW7hva/s+r+KYLF1UzKaV
CdQ8LFIeLwi8hlRVWX1fRfy2F9rYzt8F/C6e9r3dS6x9juFRC9zl+HA89BEyo4KC
aOwoDpJJsIpxzymJNVlSj74ipBZGwYsiy5ZooQT7IPjyiGC6HeXNQBEwi04H+Vyr
7mgDggEFAAKCAQAufb4rGoifrfwzHUSfpOQy0rHHC9NpA2/kOVYimncPDRVG4iXi
MmqgimEfQ9b8FWyBQX8/Aj2SbuV9PqCcnkVxsOaMsWC4hefx1edRlJdc3yEkweC9
kWsoGIp8jBoceSGo9GawfZ15VJ7oP9QBObqbW9Z90pwQJyXQFkR7btgoqujmFoGg
ugHyZ159cHgxH+9jerQDi0sWr7SCbid7a7a4L6lakaG0qb1FIo16E6zzfr5ZXGQG
SV3PNFA1tqKKpe9sWAwdjHNXp/R1bRPbkwFsGULYsNslXA+/SBon5atXhFT8QrC8
Wuv+p/mjmTFMxf9J/Fa3bd14Si974YkRVCZ7
-----END PUBLIC KEY-----`,
  rsa1024: `-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC76ZPtP+/qV8qsYdJHFfExiSed
UTFRfCS9lhW6UQhVf+NHDTxbn23tbiui+sp1+pS/hy0oDuazIzGkAYzBiuAjd901
fCERLkNBFMg83hwkRL2PQWmXGmtqhdMuEw/ISEnWj8WqC3uVJGaprC2VMDNf+Bfc
D0dEtwyTm6krwJTWBwIDAQAB
-----END PUBLIC KEY-----`,
};
