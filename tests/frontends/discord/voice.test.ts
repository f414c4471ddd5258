/** First answers whose taking is in doubt: given again only where they are not there, and never taken for lost. */
import { InteractionResponseType } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { TransientError } from '../../../src/core/errors.ts';
import type { Api } from '../../../src/frontends/discord/api.ts';
import type { Answered } from '../../../src/frontends/discord/failures.ts';
import { createVoice } from '../../../src/frontends/discord/voice.ts';

const LOST = new TransientError('cut', { retryAfterMs: 1 });
const unknown: Answered = { ok: false, why: 'expired', code: '10015', message: 'Unknown Webhook' };
const twice: Answered = { ok: false, why: 'answered', code: '40060', message: 'Already acknowledged.' };
const there: Answered = { ok: true, value: { id: '77' } };

/** Deferred, where Discord answers so, one request after the other. */
async function deferred(...answers: readonly (Answered | Error)[]) {
  const asked: string[] = [];
  const api: Api = {
    abort() {},
    ask({ method }) {
      const next = answers[asked.length];
      asked.push(method);
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next!);
    },
  };
  const interaction = { id: '1', token: 't', applicationId: '2', channelId: '3' };
  const voice = createVoice(api, interaction as never);
  const value = await voice.first(InteractionResponseType.DeferredChannelMessageWithSource);
  return { asked, value };
}

const named = { interaction: { response_message_id: '77' } };

describe('a first answer whose own answer was lost', () => {
  it('counts where it is there', async () => {
    expect(await deferred(LOST, there)).toEqual({ asked: ['POST', 'GET'], value: named });
  });

  it('is given again where it is not', async () => {
    const taken: Answered = { ok: true, value: named };
    expect(await deferred(LOST, unknown, taken)).toEqual({ asked: ['POST', 'GET', 'POST'], value: named });
  });

  it('counts as well where it came in after it was looked for', async () => {
    const { asked, value } = await deferred(LOST, unknown, twice, there);
    expect({ asked, value }).toEqual({ asked: ['POST', 'GET', 'POST', 'GET'], value: named });
  });

  it('is over for good where Discord says so', async () => {
    await expect(deferred(LOST, unknown, unknown)).rejects.toMatchObject({ name: 'InteractionOver' });
  });
});
