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
