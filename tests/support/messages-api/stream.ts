/** One answer in the form of the Messages API: as a stream of events, or as one object. */
import { randomUUID } from 'node:crypto';
import { DEFAULT_USAGE, type Block, type Message } from './replies.ts';

export function toObject(message: Message, model: string): object {
  return {
    id: newId('msg'),
    type: 'message',
    role: 'assistant',
    model,
    content: message.blocks.map(toContent),
    stop_reason: message.stopReason,
    stop_sequence: null,
    usage: { ...DEFAULT_USAGE, ...message.usage },
  };
}

export function opening(message: Message, model: string): string {
  const usage = { ...DEFAULT_USAGE, ...message.usage, output_tokens: 1 };
  const whole = { ...toObject(message, model), content: [], stop_reason: null, usage };
  return event('message_start', { message: whole }) + event('ping', {});
}

export function blocksOf(message: Message): string {
  return message.blocks.map((block, index) => blockEvents(toContent(block), index)).join('');
}

export function closing(message: Message): string {
  const { output_tokens } = { ...DEFAULT_USAGE, ...message.usage };
  const delta = { stop_reason: message.stopReason, stop_sequence: null };
  return event('message_delta', { delta, usage: { output_tokens } }) + event('message_stop', {});
}

type Content = ReturnType<typeof toContent>;

function toContent(block: Block) {
  if (block.type === 'text') return { ...block };
  if (block.type === 'thinking') return { ...block, signature: 'c2lnbmVk' };
  return { type: 'tool_use' as const, id: block.id ?? newId('toolu'), name: block.name, input: block.input };
}

function blockEvents(content: Content, index: number): string {
  const stop = event('content_block_stop', { index });
  const start = (empty: object) => event('content_block_start', { index, content_block: empty });
  const delta = (part: object) => event('content_block_delta', { index, delta: part });
  switch (content.type) {
    case 'text':
      return start({ type: 'text', text: '' }) + delta({ type: 'text_delta', text: content.text }) + stop;
    case 'thinking':
      return (
        start({ type: 'thinking', thinking: '', signature: '' }) +
        delta({ type: 'thinking_delta', thinking: content.thinking }) +
        delta({ type: 'signature_delta', signature: content.signature }) +
        stop
      );
    case 'tool_use': {
      const partial_json = JSON.stringify(content.input);
      return start({ ...content, input: {} }) + delta({ type: 'input_json_delta', partial_json }) + stop;
    }
  }
}

function event(type: string, fields: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}

function newId(prefix: string): string {
  return `${prefix}_${randomUUID().replaceAll('-', '').slice(0, 24)}`;
}
