import { styleText } from 'node:util';

type Output = NodeJS.WriteStream;

/** The colours that `styleText` and listr2 write. Others, such as `\x1b[8m`, could hide text. */
const ownColours = /^\x1b\[(?:0|[1-4]|2[1-4]|3[0-79]|9[0-7])?m$/;
/** ECMA-48 control sequences and strings (CSI; OSC, DCS, SOS, PM, APC), and two-character escapes; whole or cut off. */
const sequences = /\x1b(?:\[[0-?]*[ -/]*[@-~]?|[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)/g;
/** C0 but tab and line feed, DEL, C1, and the characters that change the direction of text. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * A text that cannot move the cursor, hide text or send commands to a terminal. Control sequences and carriage returns
 * are removed. Any other control character is written as `\u009b`, so JSON keeps its value.
 */
export function safeText(text: string, { colours = false } = {}): string {
  return text
    .replaceAll('\r', '')
    .replace(sequences, (one) => (colours && ownColours.test(one) ? one : ''))
    .replace(controls, (one) =>
      colours && one === '\x1b' ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

const originals = new WeakMap<Output, Output['write']>();
let lost: NodeJS.ErrnoException | undefined;

/**
 * Guards standard output and standard error of this process: every text passes through {@link safeText}, and a closed pipe
 * ends nothing. If standard output cannot be written for another reason, such as a full disk, the process exits with
 * `lostCode` and says why on standard error. Call it once, before anything is printed.
 */
export function guardOutput(lostCode: number): void {
  for (const stream of [process.stdout, process.stderr]) {
    if (originals.has(stream)) continue;
    guard(stream);
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // `meshproof … | head -1`: the reader has what it wanted, and the verdict stays.
      if (error.code !== 'EPIPE' && stream === process.stdout) lost ??= error;
    });
  }
  process.on('exit', () => {
    if (!lost) return;
    process.exitCode = lostCode;
    process.stderr.write(
      `meshproof: standard output cannot be written: ${lost.message}. The output is incomplete: free some space and try again.\n`,
    );
  });
}

function guard(stream: Output): void {
  const original = stream.write.bind(stream);
  originals.set(stream, original);
  const decoder = new TextDecoder();
  const safe = (chunk: string | Uint8Array): string =>
    safeText(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }), {
      colours: styleText('red', '', { stream }) !== '',
    });
  stream.write = (chunk: string | Uint8Array, ...rest: []) => original(safe(chunk), ...rest);
}

/**
 * The same stream without the guard, for a renderer that moves the cursor. Pass foreign text through {@link safeText}
 * before you write it here.
 */
export function unguarded(stream: Output): Output {
  const { columns, rows } = stream;
  const write = (originals.get(stream) ?? stream.write).bind(stream);
  return Object.assign(Object.create(stream) as Output, { columns, rows, write });
}
