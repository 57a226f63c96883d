// Arrays that vaezoo/explore/packing.py has packed as text.

/** Returns the bytes of a packed array. */
async function unpackBytes(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(inflated).arrayBuffer());
}

/** Returns the numbers of a packed array. In 64 bits they are computed without conversions. */
async function unpackFloats(text) {
  const bytes = await unpackBytes(text);
  const n = bytes.length / 3;
  const bits = new Uint32Array(n);
  for (let i = 0; i < n; i++) bits[i] = (bytes[i] << 24) | (bytes[n + i] << 16) | (bytes[2 * n + i] << 8);
  return Float64Array.from(new Float32Array(bits.buffer));
}
