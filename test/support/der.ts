/** ASN.1 DER of an ECDSA signature, which JWS does not use. */
export function toDer(signature: Uint8Array): Uint8Array<ArrayBuffer> {
  const integer = (bytes: Uint8Array) => {
    const value = [...bytes.subarray(bytes.findIndex((byte) => byte !== 0))];
    const padded = value[0] !== undefined && value[0] > 0x7f ? [0, ...value] : value;
    return [2, padded.length, ...padded];
  };
  const body = [...integer(signature.subarray(0, 32)), ...integer(signature.subarray(32))];
  return new Uint8Array([0x30, body.length, ...body]);
}
