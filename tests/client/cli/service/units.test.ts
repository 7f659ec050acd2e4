import { expect, test } from 'vitest';
import { commandWord, unitNames, unitText, unitWord } from '../../../../client/cli/service/units.ts';

const places = {
  node: '/opt/my node/bin/node',
  tmux: '/usr/bin/tmux',
  searchPath: '/a:/b%c',
  configDir: '/home/x/.config/coppice',
  stateDir: '/s',
};

test('units have the paths of the installation, each as one word, and no placeholder is left', () => {
  for (const name of unitNames) expect(unitText(name, places)).not.toMatch(/@[A-Z_]+@/);
  const service = unitText('coppice.service', places);
  expect(service).toMatch(/^ExecStart="\/opt\/my node\/bin\/node" ".*\/dist\/daemon\/main\.cjs"$/m);
  expect(service).toContain('Environment="PATH=/a:/b%%c"');
  expect(service).toContain('EnvironmentFile=-/home/x/.config/coppice/environment');
  expect(unitText('coppice-tmux.service', places)).toContain('ExecStart="/usr/bin/tmux" -D -S %t/coppice/tmux.sock -f "/s/tmux.conf"');
  expect(unitText('coppice-tmux.service', places)).toContain('Environment="PATH=/a:/b%%c" "LD_PRELOAD=/s/no-logins.so"');
});

test('whatever systemd would expand stands for itself', () => {
  expect(commandWord('a "b" \\ $HOME 100%')).toBe('"a \\"b\\" \\\\ $$HOME 100%%"');
  expect(unitWord('PATH=$HOME 100%')).toBe('"PATH=$HOME 100%%"');
});
