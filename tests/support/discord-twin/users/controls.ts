import type { Component, TwinMessage, User } from '../world/model.ts';

/** A button or select by its custom id, else by the words on it. */
export function findControl(message: TwinMessage, name: string): Component | undefined {
  return (
    message.controls.find((control) => control.custom_id === name) ??
    message.controls.find((control) => control.label === name)
  );
}

/** What a person cannot click is an error of the test. */
export function refuseDeadControl(
  message: TwinMessage,
  click: { user: User; control: Component | undefined; button: string },
): void {
  const { control, button } = click;
  if (message.deletedAt !== null) throw new Error('This message has been deleted.');
  if (control === undefined) {
    const known = message.controls.map((entry) => entry.label ?? entry.custom_id).join(', ');
    throw new Error(`The message has no control "${button}"; it has: ${known || 'none'}`);
  }
  if (control.disabled === true) throw new Error(`"${button}" is grey.`);
  if (control.custom_id === undefined) throw new Error(`"${button}" is a link.`);
  if (message.ephemeralFor !== null && message.ephemeralFor !== click.user.id) {
    throw new Error(`${click.user.username} does not see this message.`);
  }
}
