// Completion scripts, made from the tree of commands itself, so they can not lag behind it.
import type { Command } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

/** One place in the tree, and the words that may follow there. */
interface Place {
  /** The words that lead here, without the program's name. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly text: string;
  readonly help: string;
}

export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, []);
  if (shell === 'fish') return fishScript(places);
  return shell === 'bash' ? bashScript(places) : zshScript(places);
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const children = command.commands.filter((child) => child.name() !== 'help');
  const words = [
    ...children.map((child) => ({ text: child.name(), help: child.description() })),
    ...argumentChoices(command),
    ...allOptions(command).map((option) => ({ text: option.long ?? option.short ?? '', help: option.description })),
    { text: '--help', help: 'show help' },
  ];
  const unique = new Map(words.map((word) => [word.text, word]));
  return [{ path: path.join(' '), words: [...unique.values()] }, ...children.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function allOptions(command: Command): readonly { long?: string; short?: string; description: string }[] {
  const own = command.options as readonly { long?: string; short?: string; description: string }[];
  return command.parent === null ? own : [...own, ...allOptions(command.parent)];
}

function argumentChoices(command: Command): Word[] {
  return command.registeredArguments.flatMap((argument) => argument.argChoices ?? []).map((text) => ({ text, help: '' }));
}

/** The longest place that the words before the cursor lead to; options among them are passed over. */
const bashWalk = `  local place="" word
  for word in "\${words[@]:1:cword-1}"; do
    case "$word" in
      -*) continue ;;
    esac
    if [[ " $places " == *"|\${place:+$place }$word|"* ]]; then place="\${place:+$place }$word"; fi
  done`;

function bashScript(places: readonly Place[]): string {
  return `# bash completion of coppice: source <(coppice completion bash)
_coppice() {
  local words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD cur="\${COMP_WORDS[COMP_CWORD]}"
  local places=${quote(knownPlaces(places))}
${bashWalk}
  local next=""
  case "$place" in
${places.map((place) => `    ${quote(place.path)}) next=${quote(place.words.map((word) => word.text).join(' '))} ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$cur"))
}
complete -o default -F _coppice coppice
`;
}

function zshScript(places: readonly Place[]): string {
  return `#compdef coppice
# zsh completion of coppice: source <(coppice completion zsh)
_coppice() {
  local -a next
  local place="" word places=${quote(knownPlaces(places))}
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && continue
    [[ "$places" == *"|\${place:+$place }$word|"* ]] && place="\${place:+$place }$word"
  done
  case "$place" in
${places.map((place) => `    ${quote(place.path)}) next=(${place.words.map(zshWord).join(' ')}) ;;`).join('\n')}
  esac
  _describe 'coppice' next || _files
}
compdef _coppice coppice
`;
}

function zshWord({ text, help }: Word): string {
  return quote(`${text.replaceAll(':', '\\:')}${help && `:${help}`}`);
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap((place) =>
    place.words.map(
      ({ text, help }) => `complete -c coppice -n ${quote(`__coppice_at ${quote(place.path)}`)} -a ${quote(text)} -d ${quote(help)}`,
    ),
  );
  return `# fish completion of coppice: coppice completion fish | source
function __coppice_at
  set -l places ${quote(knownPlaces(places))}
  set -l place ""
  set -l words (commandline -opc)
  for word in $words[2..-1]
    string match -q -- '-*' $word; and continue
    set -l further (string trim -- "$place $word")
    string match -q -- "*|$further|*" $places; and set place $further
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function knownPlaces(places: readonly Place[]): string {
  return `|${places.map((place) => place.path).join('|')}|`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
