/* service.h - a hub on an event loop: its listener, its sockets, its clock.
 *
 *   struct service *service = service_create(&options, error);
 *   ev_run(loop, 0);                 until it has drained
 *   service_destroy(service);
 *
 * Time is read here, once per turn of the loop, and handed down. Ticks come from a timerfd with
 * absolute deadlines, so that neither the loop nor a slow tick makes them drift.
 */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include "persistence/store.h"
#include "server/options.h"
#include "server/site.h"

#include <ev.h>

#define SERVICE_ERROR_MAX 256

/* How long sockets may take to say goodbye. */
#define DRAIN_SECONDS 2.0

struct hub;
struct kinds;
struct service;

struct service_options {
    struct ev_loop *loop;
    const struct options *options;
    const struct kinds *kinds; /* of the rooms */
    struct store *store;       /* the service's from here on, also where it cannot be made */
    bool salvaged;             /* the store has lost something */
    const struct site *site;
    struct log *log;
    int folder; /* the data folder's descriptor; -1: no operator's socket, and nobody is blamed */
};

/* NULL with a text for the person when the address cannot be listened on, or what it takes is not
 * there. What the options point to must outlive it. */
struct service *service_create(const struct service_options *options,
                               char error[SERVICE_ERROR_MAX]);

/* Stops accepting, sends everyone away, and breaks the loop when all have gone or DRAIN_SECONDS
 * are over. */
void service_drain(struct service *service);
bool service_is_draining(const struct service *service);
/* It drains by itself: another server has its store, or the disk is lost and that is to end it. */
bool service_has_failed(const struct service *service);

/* False when something could not be saved. *hangs: a thread was left behind that may write to the
 * store yet; the process is to end at once, and holds the folder's lock until then. */
bool service_destroy(struct service *service, bool *hangs);

/* Where it listens, with the port that the system chose. */
const struct endpoint *service_endpoint(const struct service *service);

struct hub *service_hub(struct service *service);

#endif
