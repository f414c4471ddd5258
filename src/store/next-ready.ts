/**
 * What claim-next would hand out: of the heads of all lanes that are open to a claimant the one with the smallest
 * rank, then id. Each head is one step in the index, so the cost does not depend on how many tasks wait.
 */
import type { Claimant } from '../core/lanes.ts';
import { heldBack, type LimitsNow } from '../core/run-limits.ts';
import type { Parked } from '../core/task.ts';
import type { LaneTable } from './lane-table.ts';
import type { PersonUseOf } from './person-use.ts';
import type { TaskRow } from './rows.ts';
import type { prepareTaskReads } from './task-statements.ts';

/** So many tasks of people at their limit are passed over by one claim; the claimant goes on with another. */
const PASSED_AT_ONCE = 100;
/** Whoever only looks has no other try. As many take some 50 ms, and the next claims put all of them aside. */
const PASSED_BY_LOOK = 10_000;

export interface NextWish {
  readonly claimant: Claimant;
  /** Tasks that are not for this claimant: few. */
  readonly except?: readonly number[] | undefined;
  readonly limits?: LimitsNow | null | undefined;
  /** Nothing that was passed over is saved. */
  readonly isLook?: boolean | undefined;
}

export interface Passed {
  readonly taskId: number;
  readonly parked: Parked;
}

export interface Next {
  readonly row: TaskRow | null;
  /** Ready, but of people at their limit. */
  readonly passed: readonly Passed[];
  /** There is more to look through than one claim may. */
  readonly isMore: boolean;
}

type Reads = ReturnType<typeof prepareTaskReads>;
type Place = Pick<TaskRow, 'id' | 'rank' | 'person'>;
type HeadOf = (lane: string, after?: Place) => Place | undefined;

export function createNextReady(reads: Reads, lanes: Pick<LaneTable, 'openTo'>, useOf: PersonUseOf) {
  const rowOf = (place: Place | undefined) =>
    place === undefined ? null : (reads.byId.get({ id: place.id }) ?? null);

  function past({ claimant, except = [], limits, isLook = false }: NextWish): Next {
    const ids = JSON.stringify(except);
    const headOf: HeadOf = (lane, { rank, id } = BEFORE_ALL) =>
      reads.placePast.get({ lane, except: ids, rank, id });
    const line = createLine(lanes.openTo(claimant), headOf);
    if (limits == null) return { row: rowOf(line.first()), passed: [], isMore: false };
    const judge = createJudge(useOf, limits);
    const passed: Passed[] = [];
    const most = isLook ? PASSED_BY_LOOK : PASSED_AT_ONCE;
    for (let first; (first = line.first()) !== undefined;) {
      const parked = judge(first.person);
      if (parked === null) return { row: rowOf(first), passed, isMore: false };
      if (passed.length === most) return { row: null, passed, isMore: true };
      passed.push({ taskId: first.id, parked });
      line.pass();
    }
    return { row: null, passed, isMore: false };
  }

  return (wish: NextWish): Next => {
    if (wish.limits != null || (wish.except ?? []).length > 0) return past(wish);
    const [only, ...more] = lanes.openTo(wish.claimant);
    if (only === undefined) return NOTHING;
    if (more.length === 0) return { ...NOTHING, row: reads.headOfLane.get({ lane: only }) ?? null };
    const line = createLine([only, ...more], (lane) => reads.placeInLane.get({ lane }));
    return { ...NOTHING, row: rowOf(line.first()) };
  };
}

const NOTHING: Next = { row: null, passed: [], isMore: false };
const BEFORE_ALL: Place = { rank: -1, id: 0, person: null };

/** The heads of some lanes, first of all the first. */
function createLine(names: readonly string[], headOf: HeadOf) {
  const heads = names.flatMap((lane) => {
    const head = headOf(lane);
    return head === undefined ? [] : [{ lane, head }];
  });
  const first = () =>
    heads.reduce<(typeof heads)[number] | undefined>(
      (best, one) => (best === undefined || comesFirst(one.head, best.head) ? one : best),
      undefined,
    );
  return {
    first: () => first()?.head,
    /** Leaves the first one out. */
    pass(): void {
      const at = first();
      if (at === undefined) return;
      const head = headOf(at.lane, at.head);
      if (head === undefined) heads.splice(heads.indexOf(at), 1);
      else at.head = head;
    },
  };
}

/** Looks up each person once. */
function createJudge(useOf: PersonUseOf, limits: LimitsNow): (person: string | null) => Parked | null {
  const known = new Map<string, Parked | null>();
  return (person) => {
    if (person === null) return null;
    const found = known.get(person);
    if (found !== undefined) return found;
    const parked = heldBack(useOf(person, limits), limits);
    known.set(person, parked);
    return parked;
  };
}

function comesFirst(one: Place, other: Place): boolean {
  return one.rank < other.rank || (one.rank === other.rank && one.id < other.id);
}
