/** The header of a binary portable pixmap: `P6`, width, height and 255, with blanks between (netpbm's ppm(5)). */
const HEADER = /^P6\s+(\d+)\s+(\d+)\s+255\s/;
const HEADER_BYTES_MAX = 64;
const CHANNELS = 3;

/** Half as wide and half as high: each pixel the mean of four. @throws when it is not such a picture */
export const halveImage = (picture: Buffer): Buffer => {
  const header = HEADER.exec(picture.toString('latin1', 0, HEADER_BYTES_MAX));
  if (header === null) throw new Error('not a binary portable pixmap (P6, 255)');
  const [width, height] = [Number(header[1]), Number(header[2])];
  const pixels = picture.subarray(header[0].length);
  if (pixels.length < width * height * CHANNELS) throw new Error('the picture ends too early');
  const [smallWidth, smallHeight] = [width >> 1, height >> 1];
  const small = Buffer.alloc(smallWidth * smallHeight * CHANNELS);
  const at = (x: number, y: number, channel: number): number => pixels[(y * width + x) * CHANNELS + channel]!;
  for (let index = 0; index < small.length; index += 1) {
    const channel = index % CHANNELS;
    const x = (Math.floor(index / CHANNELS) % smallWidth) * 2;
    const y = Math.floor(index / CHANNELS / smallWidth) * 2;
    const sum = at(x, y, channel) + at(x + 1, y, channel) + at(x, y + 1, channel) + at(x + 1, y + 1, channel);
    small[index] = sum >> 2;
  }
  return Buffer.concat([Buffer.from(`P6 ${smallWidth} ${smallHeight} 255\n`), small]);
};
