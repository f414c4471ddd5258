import { describe, expect, test } from 'vitest';
import { decidingRoles, rightsOf, suffices, type Need } from '../../../src/frontends/discord/rights.ts';

const NEEDS: readonly Need[] = ['look', 'submit', 'change', 'manage'];
const NOBODY = { userId: '300000000000000001', roles: [], ownsServer: false };
const RULES = { allowedRoles: [], submitRoles: [], manageRoles: [], owners: [] };

const ALL = 'look submit change manage';
const OWN = 'look submit change';

describe('rights', () => {
  test.each([
    ['nothing is set', {}, [], ALL, 'any'],
    ['the allowed role is missing', { allowedRoles: ['crew'] }, [], 'look', 'none'],
    ['the allowed role is held', { allowedRoles: ['crew'] }, ['crew'], ALL, 'any'],
    ['one of several allowed roles is held', { allowedRoles: ['a', 'crew'] }, ['crew'], ALL, 'any'],
    ['only managing takes a role', { manageRoles: ['ops'] }, [], OWN, 'own'],
    ['the managing role is held', { manageRoles: ['ops'] }, ['ops'], ALL, 'any'],
    ['only submitting takes a role', { submitRoles: ['dev'] }, [], 'look change manage', 'any'],
    ['both take a role, the submitting one is held', { submitRoles: ['dev'], manageRoles: ['ops'] }, ['dev'], OWN, 'own'],
    ['both take a role, the managing one is held', { submitRoles: ['dev'], manageRoles: ['ops'] }, ['ops'], 'look change manage', 'any'],
    ['both take a role, none is held', { submitRoles: ['dev'], manageRoles: ['ops'] }, ['crew'], 'look', 'none'],
    ['submitting is decided apart, the allowed role is held', { allowedRoles: ['crew'], submitRoles: ['dev'] }, ['crew'], 'look change manage', 'any'],
    ['submitting is decided apart and its role is held', { allowedRoles: ['crew'], submitRoles: ['dev'] }, ['dev'], OWN, 'own'],
    ['managing is decided apart, the allowed role is held', { allowedRoles: ['crew'], manageRoles: ['ops'] }, ['crew'], OWN, 'own'],
    ['managing is decided apart and its role is held', { allowedRoles: ['crew'], manageRoles: ['ops'] }, ['ops'], 'look change manage', 'any'],
  ] as const)('where %s', (_where, rules, roles, allowed, changes) => {
    const held = roles.map((name) => ({ id: '300000000000000009', name }));
    const rights = rightsOf({ ...NOBODY, roles: held }, { ...RULES, ...rules });
    expect(NEEDS.filter((need) => suffices(rights, need)).join(' ')).toBe(allowed);
    expect(rights).toMatchObject({ changes, isLimited: true });
  }); // prettier-ignore

  test.each([
    ['nothing is set', {}, [], 'own'],
    ['the managing role is missing', { manageRoles: ['ops'] }, ['dev'], 'own'],
    ['the managing role is held', { manageRoles: ['ops'] }, ['ops'], 'any'],
    ['the allowed role decides', { allowedRoles: ['crew'] }, ['crew'], 'any'],
  ] as const)('runs of others are steered where %s: %s', (_where, rules, roles, steers) => {
    const held = roles.map((name) => ({ id: '300000000000000009', name }));
    expect(rightsOf({ ...NOBODY, roles: held }, { ...RULES, ...rules }).steers).toBe(steers);
  });

  test('an id means that role, and not another one that was given it as its name', () => {
    const rules = { ...RULES, manageRoles: ['400000000000000001'] };
    const changes = (id: string, name: string) =>
      rightsOf({ ...NOBODY, roles: [{ id, name }] }, rules).changes;
    expect(changes('400000000000000001', 'ops')).toBe('any');
    expect(changes('400000000000000002', '400000000000000001')).toBe('own');
  });

  const closed = { ...RULES, allowedRoles: ['crew'], submitRoles: ['dev'], manageRoles: ['ops'] };

  test.each([
    ['an owner', { ...NOBODY, userId: '300000000000000007' }],
    ['the owner of the server', { ...NOBODY, ownsServer: true }],
  ])('%s may do everything without a role and without limits', (_who, standing) => {
    const rights = rightsOf(standing, { ...closed, owners: ['300000000000000007'] });
    expect(rights).toEqual({ submits: true, changes: 'any', steers: 'any', isLimited: false });
    expect(NEEDS.every((need) => suffices(rights, need))).toBe(true);
  });

  test('the roles that decide are those that are named to whoever lacks them', () => {
    expect(decidingRoles('submit', closed)).toEqual(['dev']);
    expect(decidingRoles('manage', closed)).toEqual(['ops']);
    expect(decidingRoles('change', closed)).toEqual(['ops']);
    expect(decidingRoles('submit', { ...closed, submitRoles: [] })).toEqual(['crew']);
  });
});
