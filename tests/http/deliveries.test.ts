import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { createDeliveries } from '../../src/http/deliveries.ts';

const KEYED = { key: 'k1', fingerprint: 'a claim' };

/** The events of an answer's connection, at the moments that a test chooses. */
const connection = () => Object.assign(new EventEmitter(), { destroyed: false }) as unknown as ServerResponse;

function send(outgoing: ServerResponse): void {
  outgoing.emit('finish');
  outgoing.emit('close');
}

/** A claim that was made, and a second request with its key and body that came while it was answered. */
function aClaimAskedForTwice() {
  const deliveries = createDeliveries();
  const connections = [connection(), connection()] as const;
  const [first, second] = connections.map((outgoing) => deliveries.watch(outgoing, KEYED));
  const undone: string[] = [];
  const undo = () => void undone.push('claim');
  first?.made();
  first?.settled(undo);
  return { lost: connections[0], other: connections[1], second, undo, undone };
}

it('a claim is given back although a second request with its key was refused meanwhile', () => {
  const { lost, other, second, undone } = aClaimAskedForTwice();
  lost.emit('close');
  second?.settled(null);
  send(other);
  expect(undone).toEqual(['claim']);
});

it('a claim stays when a second request with its key was told of it', () => {
  const { lost, other, second, undo, undone } = aClaimAskedForTwice();
  lost.emit('close');
  second?.settled(undo);
  send(other);
  expect(undone).toEqual([]);
});

it('a claim is given back once however many lost its answer', () => {
  const { lost, other, second, undo, undone } = aClaimAskedForTwice();
  second?.settled(undo);
  lost.emit('close');
  other.emit('close');
  expect(undone).toEqual(['claim']);
});
