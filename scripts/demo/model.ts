/** What the stand-in for the model answers, by what it was told last: first the task, then a follow-up. */
import type { Line } from '../../tests/support/messages-api/index.ts';
import { answer, bash, say, type Block, type Message } from '../../tests/support/messages-api/replies.ts';
import type { ApiRequest } from '../../tests/support/messages-api/request.ts';
import { WITH_CONTENTS, WITH_LINKS } from './sample.ts';

export const TASK = 'Add a table of contents to the README';
export const FOLLOW_UP = 'Make each entry a link to its section';

const CHECK = 'sh check.sh';

export function modelScript(): readonly Line[] {
  const hasHeard = (text: string) => (request: ApiRequest) => request.last.includes(text);
  const isLater = ({ all }: ApiRequest) => all.includes(FOLLOW_UP);
  const toWrite = /file state is current|has been updated|created successfully|File (created|updated)/i;
  return [
    {
      when: hasHeard('the table of contents is whole'),
      then: (request) =>
        isLater(request)
          ? say('Each entry is now a link to its section; `check.sh` still passes.')
          : say('The README begins with a table of contents now: Backups and Monitoring. `check.sh` passes.'),
    },
    { when: toWrite, then: bash(CHECK, { description: 'Checks the table of contents' }) },
    { when: /Every night at two/, then: (request) => rewrite(request) },
    { when: hasHeard(FOLLOW_UP), then: readAgain('I will turn the entries into links.') },
    { when: hasHeard(TASK), then: readAgain('I look at the README first.') },
  ];
}

function readAgain(text: string): (request: ApiRequest) => Message {
  return (request) =>
    withTool(text, { name: 'Read', input: { file_path: `${folderOf(request)}/README.md` } });
}

function rewrite(request: ApiRequest): Message {
  const [text, content] = request.all.includes(FOLLOW_UP)
    ? ['Headings become anchors in lower case.', WITH_LINKS]
    : ['Two sections, and no contents yet. I add them under the title.', WITH_CONTENTS];
  return withTool(text, { name: 'Write', input: { file_path: `${folderOf(request)}/README.md`, content } });
}

function withTool(text: string, tool: { name: string; input: unknown }): Message {
  const blocks: Block[] = [
    { type: 'text', text },
    { type: 'tool_use', ...tool },
  ];
  return answer(blocks, { usage: { input_tokens: 2_400, output_tokens: 180 } });
}

/** Claude Code tells the model where it works. */
function folderOf({ all }: ApiRequest): string {
  const found = [...all.matchAll(/working directory: ([^\\\s"]+)/gi)].at(-1)?.[1];
  if (found === undefined) throw new Error('The request does not say where it works.');
  return found;
}
