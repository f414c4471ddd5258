import { Client, Events, GatewayIntentBits, REST, type ClientOptions } from 'discord.js';
import { createDiscordTwin, type DiscordTwin, type DiscordTwinOptions } from './index.ts';

/** The real discord.js, pointed at a twin. */
export interface LiveBot {
  twin: DiscordTwin;
  client: Client<true>;
  stop(): Promise<void>;
}

export async function startTwin(options?: DiscordTwinOptions): Promise<DiscordTwin> {
  const twin = createDiscordTwin(options);
  await twin.start();
  return twin;
}

export function newClient(twin: DiscordTwin, options: Partial<ClientOptions> = {}): Client {
  return new Client({
    intents: [GatewayIntentBits.Guilds],
    rest: { api: twin.url },
    ...options,
  });
}

export function newRest(twin: DiscordTwin): REST {
  return new REST({ api: twin.url, retries: 0 }).setToken(twin.token);
}

export async function login(twin: DiscordTwin, options: Partial<ClientOptions> = {}): Promise<Client<true>> {
  const client = newClient(twin, options);
  const ready = new Promise<Client<true>>((resolve) => {
    client.once(Events.ClientReady, resolve);
  });
  await client.login(twin.token);
  return ready;
}

/** A logged-in client whose commands are registered in the twin's guild. */
export async function startBot(
  commands: readonly object[] = [],
  options: { twin?: DiscordTwinOptions; client?: Partial<ClientOptions> } = {},
): Promise<LiveBot> {
  const twin = await startTwin(options.twin);
  const client = await login(twin, options.client);
  await client.application.commands.set(
    commands as Parameters<typeof client.application.commands.set>[0],
    twin.guild.id,
  );
  return {
    twin,
    client,
    async stop() {
      await client.destroy();
      await twin.stop();
    },
  };
}
