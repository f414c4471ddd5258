/** What runs have cost, in all and by group. */
import { z } from 'zod';

export const UsageAnswer = z.object({
  total_cost_usd: z.number(),
  tasks: z.number(),
  input_tokens: z.number(),
  output_tokens: z.number(),
  groups: z.array(
    z.object({
      user: z.string().nullish(),
      project: z.string().nullish(),
      model: z.string().nullish(),
      cost_usd: z.number(),
      tasks: z.number(),
      input_tokens: z.number(),
      output_tokens: z.number(),
    }),
  ),
});
export type UsageAnswer = z.infer<typeof UsageAnswer>;
