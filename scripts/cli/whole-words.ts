/** A text on one line of at most `longest` characters. A longer text ends with "…" after a whole word, if it has several words. */
export function wholeWords(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  if (line.length <= longest) return line;
  const cut = line.slice(0, longest - 1);
  const space = cut.lastIndexOf(' ');
  return `${space > 0 && line[cut.length] !== ' ' ? cut.slice(0, space) : cut}…`;
}
