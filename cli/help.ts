/** What stands below the list of commands. */
export const ENVIRONMENT_HELP = `
Environment:
  ATHENA_API_URL        the server (http://127.0.0.1:5051)
  ATHENA_API_KEY        its key
  CLAUDE_INSTANCE       who claims (the name of this host)
  CLAUDE_INSTANCE_NAME  how that is shown (CLAUDE_INSTANCE)
  NO_COLOR              no colours
"claude-task-client login" saves server and key for good.

Exit codes:
  0 done, or nothing to do     4 not authenticated, or not
  1 failure                      permitted with this key
  2 usage                      5 lost: claimed by another,
                                 lease gone, wrong state
                               6 server unreachable

Examples:
  $ claude-task-client check
      what waits, and what this machine holds
  $ claude-task-client claim
      take the next task
  $ claude-task-client complete 5 -n "Deployed."
      say that it is done
  $ claude-task-client add "Fix the login test" --project notes
      let a worker do it
  $ claude-task-client watch 5
      see what it does
`;
