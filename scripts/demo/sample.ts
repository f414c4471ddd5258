/** The sample repository: notes with a check of their own. */
export const SAMPLE: Readonly<Record<string, string>> = {
  'README.md': `# Homelab notes

## Backups

Every night at two, to the second disk.

## Monitoring

Dashboards are on the small server.
`,
  'check.sh': `#!/bin/sh
# Every heading of the second level stands in the table of contents.
grep '^## ' README.md | sed 's/^## //' | while read -r heading; do
  grep -q -- "- .*$heading" README.md || { echo "missing: $heading"; exit 1; }
done && echo "the table of contents is whole"
`,
};

const BODY = (SAMPLE['README.md'] ?? '').replace('# Homelab notes\n', '');

export const WITH_CONTENTS = `# Homelab notes

- Backups
- Monitoring
${BODY}`;

export const WITH_LINKS = `# Homelab notes

- [Backups](#backups)
- [Monitoring](#monitoring)
${BODY}`;
