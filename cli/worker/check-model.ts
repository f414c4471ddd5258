/** Does the API take the credential, and does it know the models? Asked by counting tokens, which costs nothing. */
import type { Dispatcher } from 'undici';
import { codeOf } from '../errors.ts';
import { missing, note, ok, type Finding } from './finding.ts';
import { withCredential, type Credential } from './model-request.ts';
import { createQuotaPatience, troubleOf, type Refusal } from './model-trouble.ts';
import { systemClock } from './clock.ts';
import type { WorkerSettings } from './settings.ts';

export interface ModelWays {
  readonly credential: Credential | null;
  readonly upstream: string;
  readonly dispatcher: Dispatcher;
}

const ANY_MODEL = 'claude-sonnet-4-5';
const TIMEOUT_MS = 20_000;
const LONGEST_BODY = 4_096;

/** Empty where no project has a model. */
export async function checkModels({ projects }: WorkerSettings, ways: ModelWays): Promise<Finding[]> {
  const own = Object.values(projects).filter(({ executor }) => executor === 'claude');
  if (own.length === 0) return [];
  if (ways.credential === null) {
    const next =
      'Set one of them where the worker is started: a key, or the token that "claude setup-token" prints (a plain login is not used).';
    return [missing('model', 'Neither ANTHROPIC_API_KEY nor CLAUDE_CODE_OAUTH_TOKEN is set.', next)];
  }
  const named = own.flatMap(({ model }) => (model === null ? [] : [model.replace(/\[[^\]]*\]$/, '')]));
  const models = named.length === 0 ? [ANY_MODEL] : [...new Set(named)];
  const findings: Finding[] = [];
  for (const model of models) findings.push(await checkModel(model, ways.credential, ways));
  return findings;
}

async function checkModel(model: string, credential: Credential, ways: ModelWays): Promise<Finding> {
  const name = credential.kind === 'key' ? 'ANTHROPIC_API_KEY' : 'CLAUDE_CODE_OAUTH_TOKEN';
  const host = new URL(ways.upstream).host;
  try {
    const refusal = await count(model, credential, ways);
    if (refusal === null) return ok('model', `${host} takes ${name} and knows ${model}.`);
    return judged(refusal, { model, name, host });
  } catch (error) {
    const why = codeOf(error) || 'no answer in time';
    const next = 'Check the network, HTTPS_PROXY and ANTHROPIC_BASE_URL.';
    return missing('model', `${host} cannot be reached (${why}).`, next);
  }
}

/** Null: it was answered. */
async function count(
  model: string,
  credential: Credential,
  { upstream, dispatcher }: ModelWays,
): Promise<Refusal | null> {
  const base = new URL(upstream);
  const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' };
  const answer = await dispatcher.request({
    origin: base.origin,
    path: `${base.pathname.replace(/\/+$/, '')}/v1/messages/count_tokens`,
    method: 'POST',
    headers: withCredential(headers, credential),
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const body = (await answer.body.text()).slice(0, LONGEST_BODY);
  return answer.statusCode === 200 ? null : { status: answer.statusCode, headers: answer.headers, body };
}

interface About {
  readonly model: string;
  readonly name: string;
  readonly host: string;
}

function judged(refusal: Refusal, { model, name, host }: About): Finding {
  const trouble = troubleOf(refusal, createQuotaPatience(systemClock), systemClock.now());
  if (trouble === null || trouble.kind === 'model' || trouble.kind === 'length')
    return ofRequest(refusal, trouble?.detail ?? `${refusal.status}`, { model, name, host });
  const said = trouble.detail;
  switch (trouble.kind) {
    case 'key':
      return missing('model', `${host} refuses ${name} (${said}).`, 'Set a valid one.');
    case 'billing':
      return missing('model', `The account cannot pay (${said}).`, 'Put its billing in order.');
    case 'quota':
      return note('model', `${host} takes ${name}; its limit is reached for now (${said}).`);
    case 'overload':
      return missing('model', `${host} does not answer properly (${said}).`, 'Try again later.');
  }
}

/** Only what was asked for is wrong. */
function ofRequest(refusal: Refusal, said: string, { model, name, host }: About): Finding {
  return unknownModel(refusal, model)
    ? missing('model', `${host} does not know the model ${model}.`, 'Correct "model" in worker.yaml.')
    : note('model', `${host} does not refuse ${name}, and answers ${said} to the check.`);
}

function unknownModel({ status, body }: Refusal, model: string): boolean {
  return status === 404 && body.includes(model);
}
