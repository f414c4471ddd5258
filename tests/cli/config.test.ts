import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configFile, loadConfig, parseKey, parseUrl, saveConfig } from '../../cli/config.ts';
import { configFolder, stateFolder } from '../../cli/folders.ts';

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'athena-cli-'));
});
afterEach(() => {
  fs.rmSync(home, { recursive: true, force: true });
});

const source = (env: Record<string, string> = {}) =>
  ({ platform: 'linux', home, hostname: 'test-host', env }) as const;

function writeConfig(text: string): void {
  const file = configFile(source());
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

describe('folders', () => {
  it.each([
    ['linux', {}, '/home/u/.config/claude-task-client', '/home/u/.local/state/claude-task-client'],
    [
      'linux',
      { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' },
      '/c/claude-task-client',
      '/s/claude-task-client',
    ],
    ['linux', { XDG_CONFIG_HOME: 'relative' }, '/home/u/.config/claude-task-client', '/home/u/.local/state/claude-task-client'], // prettier-ignore
    ['darwin', {}, '/home/u/Library/Application Support/claude-task-client', '/home/u/Library/Application Support/claude-task-client/state'], // prettier-ignore
  ] as const)('on %s with %o', (platform, env, ...[config, state]) => {
    expect(configFolder({ platform, env, home: '/home/u' })).toBe(config);
    expect(stateFolder({ platform, env, home: '/home/u' })).toBe(state);
  });

  it('on Windows', () => {
    const bare = { platform: 'win32', env: {}, home: 'C:\\Users\\u' } as const;
    expect(configFolder(bare)).toBe('C:\\Users\\u\\AppData\\Roaming\\claude-task-client');
    expect(stateFolder(bare)).toBe('C:\\Users\\u\\AppData\\Local\\claude-task-client');
    const env = { APPDATA: 'D:\\Roaming', LOCALAPPDATA: 'D:\\Local' };
    expect(configFile({ ...bare, env })).toBe('D:\\Roaming\\claude-task-client\\config.json');
    expect(stateFolder({ ...bare, env })).toBe('D:\\Local\\claude-task-client');
  });
});

describe('configuration', () => {
  it('has defaults', () => {
    expect(loadConfig(source())).toEqual({
      apiUrl: 'http://127.0.0.1:5051',
      apiKey: undefined,
      instanceId: 'test-host',
      instanceName: 'test-host',
    });
  });

  it('comes from the file, and before that from the environment', () => {
    const saved = { api_url: 'https://a.example/x/', api_key: 'k', instance: 'mac', instance_name: 'My Mac' };
    saveConfig(configFile(source()), saved);
    expect(loadConfig(source())).toEqual({
      apiUrl: 'https://a.example/x',
      apiKey: 'k',
      instanceId: 'mac',
      instanceName: 'My Mac',
    });
    const env = { ATHENA_API_URL: 'http://b:1', ATHENA_API_KEY: 'other', CLAUDE_INSTANCE: 'linux' };
    expect(loadConfig(source(env))).toEqual({
      apiUrl: 'http://b:1',
      apiKey: 'other',
      instanceId: 'linux',
      instanceName: 'linux',
    });
  });

  it('takes an empty variable for none', () => {
    expect(loadConfig(source({ ATHENA_API_URL: ' ', CLAUDE_INSTANCE: '' })).apiUrl).toBe(
      'http://127.0.0.1:5051',
    );
  });

  it('is private on the disk', () => {
    saveConfig(configFile(source()), { api_key: 'k' });
    const mode = (file: string) => fs.statSync(file).mode & 0o777;
    expect(mode(configFile(source()))).toBe(0o600);
    expect(mode(path.dirname(configFile(source())))).toBe(0o700);
  });

  it.each([
    ['{"api_key": "geheim', 'is not a JSON object'],
    ['[]', 'is not a JSON object'],
    ['{"api_key": 5}', '"api_key" is not text'],
  ])('refuses the file %s without quoting it', (text, why) => {
    writeConfig(text);
    const load = () => loadConfig(source());
    expect(load).toThrow(why);
    expect(load).not.toThrow('geheim');
  });

  it('refuses a file that cannot be read', () => {
    fs.mkdirSync(configFile(source()), { recursive: true });
    expect(() => loadConfig(source())).toThrow('cannot be read (EISDIR)');
  });

  it('does not read the file where the environment says everything', () => {
    writeConfig('garbled');
    const env = {
      ATHENA_API_URL: 'http://b',
      ATHENA_API_KEY: 'k',
      CLAUDE_INSTANCE: 'i',
      CLAUDE_INSTANCE_NAME: 'n',
    };
    expect(loadConfig(source(env)).instanceName).toBe('n');
  });

  it.each([
    'ftp://host',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'host:5051',
    'http://',
    'http://user:pa55@host',
    'http://host?x=pa55',
    'http://host#pa55',
    'http://ho st',
    'http://host\n/x',
    'http:\\\\host',
    '',
  ])('refuses the URL %j and does not repeat it', (url) => {
    expect(() => parseUrl(url, 'The URL')).toThrow(/^The URL (is|must|contains)/);
    expect(() => parseUrl(url, 'The URL')).not.toThrow('pa55');
  });

  it.each([
    ['http://host:5051/', 'http://host:5051'],
    ['HTTPS://Host/athena//', 'https://host/athena'],
    ['http://[::1]:5051', 'http://[::1]:5051'],
  ])('takes the URL %s', (url, taken) => {
    expect(parseUrl(url, 'The URL')).toBe(taken);
  });

  it('refuses a key that no header can carry', () => {
    expect(() => parseKey('a\nb', 'The API key')).toThrow('contains characters that no key has');
    expect(() => parseKey('schlüssel', 'The API key')).toThrow();
  });

  it('refuses an instance name that forges lines', () => {
    expect(() => loadConfig(source({ CLAUDE_INSTANCE: 'a\u001bb' }))).toThrow('CLAUDE_INSTANCE must be');
    expect(() => loadConfig(source({ CLAUDE_INSTANCE_NAME: 'x'.repeat(101) }))).toThrow(
      'CLAUDE_INSTANCE_NAME',
    );
  });
});
