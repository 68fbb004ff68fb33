/* policy.h - the content security policy of a page.
 *
 * Scripts come from this server alone; those written into the page itself are allowed one by one,
 * by their hash, so that a page may hold the few lines a person would copy while nothing that is
 * smuggled into it runs.
 */
#ifndef SERVER_POLICY_H
#define SERVER_POLICY_H

#include "sync/base.h"

/* Room for the fixed part and the hashes of about 25 scripts. */
#define POLICY_MAX 2048u

/* Writes the policy for a page, NUL-terminated. `page` is empty for a file that is no page. False
 * when the page has more scripts than fit: the rest of them will not run. */
bool policy_write(char policy[POLICY_MAX], struct bytes page);

#endif
