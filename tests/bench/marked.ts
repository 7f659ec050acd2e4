// The part of a Markdown file that a program writes, between `<!-- NAME -->` and `<!-- /NAME -->`; the prose around it is left alone.

export function replaceMarked(document: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name} -->\n`, `<!-- /${name} -->\n`];
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  const once = (marker: string): boolean => document.split(marker).length === 2;
  if (!once(begin) || !once(end) || to < from)
    throw new Error(`The file wants one line "${begin.trim()}" and below it one line "${end.trim()}": the figures go between them.`);
  return `${document.slice(0, from)}${begin}\n${content.trim()}\n\n${document.slice(to)}`;
}
