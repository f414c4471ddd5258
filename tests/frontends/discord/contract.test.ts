import { frontEndContract } from '../../contracts/front-end.contract.ts';
import { openStage } from './stage.ts';

const SEND = { method: 'POST', path: /^\/channels\/\d+\/messages$/ };

frontEndContract('Discord', async () => {
  const stage = await openStage({ config: { allowedChannels: ['general'] } });
  const { twin, frontEnd, store, tasks, clock } = stage;
  return {
    frontEnd,
    store,
    tasks,
    clock,
    shown: () => stage.texts(),
    loseNextAnswer: () => {
      twin.fault(SEND, { kind: 'cut', when: 'after' });
    },
    goDown: () => twin.beginOutage('refused'),
    comeBack: () => twin.endOutage(),
    takeChannelAway: () => {
      twin.channel('claude-tasks').setBotRights({ deny: ['ViewChannel'] });
    },
    giveChannelBack: () => {
      twin.channel('claude-tasks').setBotRights({});
    },
    close: () => stage.close(),
  };
});
