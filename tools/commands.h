/* commands.h - the subcommands of `tutti`. Each takes its own name as the first argument and
 * returns the exit status: 0 done, 1 failed, 2 not understood.
 */
#ifndef TOOLS_COMMANDS_H
#define TOOLS_COMMANDS_H

int command_backup(int count, char **arguments);
int command_check(int count, char **arguments);
int command_delete(int count, char **arguments);
int command_export(int count, char **arguments);
int command_import(int count, char **arguments);
int command_load(int count, char **arguments);
int command_log(int count, char **arguments);
int command_record(int count, char **arguments);
int command_release(int count, char **arguments);
int command_restore(int count, char **arguments);
int command_rooms(int count, char **arguments);
int command_scores(int count, char **arguments);
int command_sessions(int count, char **arguments);
int command_show(int count, char **arguments);
int command_sql(int count, char **arguments);
int command_verify(int count, char **arguments);
int command_watch(int count, char **arguments);

#endif
