/**
 * Decodes 8-bit grey PNGs to their exact bytes. A canvas cannot be trusted with that: some browsers add noise to what is
 * read back, colour management may shift values, and Safari's canvases end at 16 megapixels.
 */

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];

export interface GreyPicture {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** Throws with a sentence where the bytes are no 8-bit grey PNG or end early. */
export async function decodeGrey(bytes: Uint8Array): Promise<GreyPicture> {
  if (SIGNATURE.some((value, index) => bytes[index] !== value)) throw new Error("The server's mask is not a PNG.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data: Uint8Array[] = [];
  let width = 0;
  let height = 0;
  for (let at = 8; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (kind === "IHDR") {
      width = view.getUint32(at + 8);
      height = view.getUint32(at + 12);
      const [depth, colour, , , interlace] = bytes.subarray(at + 16, at + 21);
      if (depth !== 8 || colour !== 0 || interlace !== 0) throw new Error("The server's mask is not an 8-bit grey PNG.");
    } else if (kind === "IDAT") data.push(bytes.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  const lines = new Unfilter(width, height);
  const stream = new Blob(data as BlobPart[]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) lines.push(part.value);
  return { width, height, pixels: lines.finish() };
}

/** Undoes PNG's line filters (PNG specification, section 9) on a stream of chunks, one byte per pixel. */
class Unfilter {
  private readonly pixels: Uint8Array;
  private line = 0;
  private filled = 0;
  private filter = -1;

  constructor(
    private readonly width: number,
    private readonly height: number,
  ) {
    this.pixels = new Uint8Array(width * height);
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.line < this.height) {
      if (this.filter < 0) {
        this.filter = chunk[at++];
        continue;
      }
      const take = Math.min(this.width - this.filled, chunk.length - at);
      this.pixels.set(chunk.subarray(at, at + take), this.line * this.width + this.filled);
      at += take;
      this.filled += take;
      if (this.filled === this.width) this.finishLine();
    }
  }

  finish(): Uint8Array {
    if (this.line < this.height) throw new Error("The server's mask ends early. Reload the page.");
    return this.pixels;
  }

  private finishLine(): void {
    const { pixels, width } = this;
    const start = this.line * width;
    const end = start + width;
    const above = this.line > 0 ? start - width : -1;
    const up = (index: number): number => (above < 0 ? 0 : pixels[above + index - start]);
    if (this.filter === 1) for (let i = start + 1; i < end; i++) pixels[i] += pixels[i - 1];
    else if (this.filter === 2 && above >= 0) for (let i = start; i < end; i++) pixels[i] += pixels[i - width];
    else if (this.filter === 3) for (let i = start; i < end; i++) pixels[i] += ((i > start ? pixels[i - 1] : 0) + up(i)) >> 1;
    else if (this.filter === 4) {
      for (let i = start; i < end; i++) {
        const left = i > start ? pixels[i - 1] : 0;
        pixels[i] += paeth(left, up(i), i > start ? up(i - 1) : 0);
      }
    } else if (this.filter > 4) throw new Error("The server's mask is a broken PNG. Reload the page.");
    this.line++;
    this.filled = 0;
    this.filter = -1;
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
