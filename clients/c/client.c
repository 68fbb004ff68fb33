#include "clients/c/client.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server waits as long for a hello as we for its welcome. */
#define WELCOME_TIMEOUT_US (10 * SECOND_US)

/* A question to the clock that is not answered in time means that the link is dead. */
#define CLOCK_TIMEOUT_US (10 * SECOND_US)

/* The wait doubles with each try and is drawn from its upper half. */
#define RETRY_FIRST_US (SECOND_US / 4)
#define RETRY_MOST_US  (20 * SECOND_US)

/* A hand that draws submits 20 a second: while the server or its disk is away, minutes of work. */
#define UNSAVED_OPERATIONS_DEFAULT 4096u
#define UNSAVED_BYTES_DEFAULT      (4u << 20)

static_assert((int)TUTTI_INCOMPLETE == (int)STATUS_INCOMPLETE, "statuses are those of the wire");
static_assert((int)TUTTI_INCOMPLETE == STATUS_COUNT - 1, "every status is in the public header");
static_assert((int)TUTTI_DURABLE_DISK == (int)DURABILITY_DISK, "durability is that of the wire");
static_assert((int)TUTTI_SAVING_PAUSED == (int)SAVING_PAUSED, "so is the state of saving");

const char *tutti_status_text(enum tutti_status status)
{
    return status_text((enum status)status);
}

/* --- States and the next try --------------------------------------------------------------------- */

void client_set_state(struct tutti_client *client, enum tutti_state state)
{
    if (client->state == state)
        return;
    client->state = state;
    if (client->handlers.state_changed != NULL)
        client->handlers.state_changed(client->handlers.context, client, state);
}

void client_set_reason(struct tutti_client *client, int code, const char *text, size_t length)
{
    client->reason_code = code;
    snprintf(client->reason, sizeof client->reason, "%.*s", (int)(length < 1000 ? length : 1000),
             text);
}

static uint32_t random_number(struct tutti_client *client)
{
    uint32_t number;
    client->random(client->random_context, (uint8_t *)&number, sizeof number);
    return number;
}

/* The server may say how long to stay away: "...; retry_ms=1500". */
static uint64_t retry_hint_us(const char *reason)
{
    const char *hint = strstr(reason, "retry_ms=");
    if (hint == NULL)
        return 0;
    unsigned long milliseconds = strtoul(hint + strlen("retry_ms="), NULL, 10);
    return milliseconds < 3600000 ? milliseconds * 1000 : 3600 * SECOND_US;
}

static void wait_for_next_try(struct tutti_client *client, uint64_t now_us)
{
    uint64_t wait = RETRY_FIRST_US << (client->tries < 10 ? client->tries : 10);
    if (wait > RETRY_MOST_US)
        wait = RETRY_MOST_US;
    wait = wait / 2 + random_number(client) % (wait / 2 + 1);
    client->tries++;
    client->wake_us = now_us + retry_hint_us(client->reason) + wait;
    client_set_state(client, TUTTI_WAITING);
}

/* What a new try would only meet again. */
static bool code_is_final(int code)
{
    switch (code) {
    case 400: /* before the upgrade: HTTP */
    case 401:
    case 403:
    case 404:
    case CLOSE_PROTOCOL_ERROR:
    case CLOSE_TEXT:
    case CLOSE_TOO_LARGE:
    case CLOSE_MALFORMED:
    case CLOSE_VERSION:
    case CLOSE_HELLO:
    case CLOSE_REPLACED:
    case CLOSE_KIND:
    case CLOSE_ENDED:
    case CLOSE_DAMAGED:
        return true;
    }
    return false;
}

/* Asks the transport to close; what led here is the server's fault or silence, so that the client
 * comes back. */
void client_drop(struct tutti_client *client, int code, const char *reason)
{
    client->dropping = code;
    client_set_reason(client, code, reason, strlen(reason));
}

/* --- The replica's changes, handed on -------------------------------------------------------------- */

static void on_added(void *context, const struct replica_record *record)
{
    struct tutti_client *client = context;
    client->handlers.record_added(client->handlers.context, client,
                                  (const struct tutti_record *)record);
}

static void on_changed(void *context, const struct replica_record *record, uint32_t mask)
{
    struct tutti_client *client = context;
    client->handlers.record_changed(client->handlers.context, client,
                                    (const struct tutti_record *)record, mask);
}

static void on_removed(void *context, const struct replica_record *record)
{
    struct tutti_client *client = context;
    client->handlers.record_removed(client->handlers.context, client,
                                    (const struct tutti_record *)record);
}

static void on_event(void *context, const struct replica_occurrence *occurrence)
{
    struct tutti_client *client = context;
    client->handlers.event(client->handlers.context, client,
                           (const char *)occurrence->event->name.data, occurrence->from,
                           value_unpack(occurrence->value), occurrence->history);
}

static void watch_replica(struct tutti_client *client)
{
    const struct tutti_handlers *handlers = &client->handlers;
    struct replica_watcher watcher = {
        .context = client,
        .record_added = handlers->record_added == NULL ? NULL : on_added,
        .record_changed = handlers->record_changed == NULL ? NULL : on_changed,
        .record_removed = handlers->record_removed == NULL ? NULL : on_removed,
        .event = handlers->event == NULL ? NULL : on_event,
    };
    replica_watch(client->replica, &watcher);
}

/* --- Making and ending ----------------------------------------------------------------------------- */

static bool take_options(struct tutti_client *client, const struct tutti_options *options)
{
    client->random = options->random;
    client->random_context = options->random_context;
    if (options->key_given)
        memcpy(client->key, options->key, sizeof client->key);
    else
        client->random(client->random_context, client->key, sizeof client->key);
    if (options->kind != NULL) {
        if (strlen(options->kind) > NAME_BYTES_MAX)
            return false;
        memcpy(client->kind_wanted, options->kind, strlen(options->kind) + 1);
    }
    if (options->user.type != TUTTI_NIL) {
        struct writer writer = writer_on(client->user, sizeof client->user);
        value_pack(&writer, &options->user, NULL);
        if (writer.status != STATUS_OK)
            return false;
        client->user_length = writer.length;
    }
    client->unsaved_operations_max =
        options->unsaved_operations != 0 ? options->unsaved_operations : UNSAVED_OPERATIONS_DEFAULT;
    client->unsaved_bytes_max =
        options->unsaved_bytes != 0 ? options->unsaved_bytes : UNSAVED_BYTES_DEFAULT;
    return true;
}

struct tutti_client *tutti_create(const struct tutti_options *options,
                                  const struct tutti_handlers *handlers,
                                  uint64_t now_us)
{
    assert(options->random != NULL);
    struct tutti_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return NULL;
    client->handlers = *handlers;
    client->replica = replica_create(&(struct memory){0});
    if (client->replica == NULL || !take_options(client, options)) {
        tutti_destroy(client);
        return NULL;
    }
    watch_replica(client);
    client->state = TUTTI_CONNECTING;
    client->wake_us = now_us;
    return client;
}

void tutti_destroy(struct tutti_client *client)
{
    if (client == NULL)
        return;
    if (client->transport_destroy != NULL)
        client->transport_destroy(client->transport);
    replica_destroy(client->replica);
    presence_release(&client->presence);
    operations_release(&client->operations);
    free(client);
}

static void poke(struct tutti_client *client)
{
    if (client->transport_poke != NULL)
        client->transport_poke(client->transport);
}

void tutti_leave(struct tutti_client *client)
{
    client->leaving = true;
    client_set_reason(client, CLOSE_DONE, "left", 4);
    if (!client->open)
        client_set_state(client, TUTTI_ENDED);
    poke(client);
}

/* --- What the transport tells ----------------------------------------------------------------------- */

void tutti_opened(struct tutti_client *client, uint64_t now_us)
{
    client->open = true;
    client->hello_sent = false;
    client->hello_us = now_us;
    client->dropping = 0;
}

/* On the next connection everything starts with the hello. */
static void disconnect(struct tutti_client *client)
{
    client->open = false;
    client->operations.in_flight = 0;
    client->clock.asked = false;
    presence_renew(&client->presence);
}

void tutti_closed(struct tutti_client *client,
                  uint64_t now_us,
                  int code,
                  const char *reason,
                  size_t length)
{
    bool ours = client->dropping != 0;
    disconnect(client);
    if (client->leaving || client->state == TUTTI_ENDED) {
        client_set_state(client, TUTTI_ENDED);
        return;
    }
    client->dropping = 0;
    if (!ours) {
        client_set_reason(client, code, reason, length);
        if (length == 0) {
            const char *text = code >= 4000 ? close_text((enum close_code)code)
                                            : "the connection broke or was not made";
            client_set_reason(client, code, text, strlen(text));
        }
    }
    if (!ours && code_is_final(code))
        client_set_state(client, TUTTI_ENDED);
    else
        wait_for_next_try(client, now_us);
}

void tutti_advance(struct tutti_client *client, uint64_t now_us)
{
    if (client->state == TUTTI_WAITING && now_us >= client->wake_us)
        client_set_state(client, TUTTI_CONNECTING);
    if (!client->open || client->dropping != 0)
        return;
    if (client->state == TUTTI_CONNECTING && now_us - client->hello_us >= WELCOME_TIMEOUT_US)
        client_drop(client, CLOSE_SILENT, "no welcome in time");
    if (client->clock.asked && now_us - client->clock.asked_us >= CLOCK_TIMEOUT_US)
        client_drop(client, CLOSE_SILENT, "the server does not answer");
}

enum tutti_wish tutti_wish(const struct tutti_client *client)
{
    if (client->open)
        return client->dropping != 0 || client->state == TUTTI_ENDED ? TUTTI_DISCONNECT
                                                                     : TUTTI_STAY;
    return client->state == TUTTI_CONNECTING ? TUTTI_CONNECT : TUTTI_STAY;
}

int tutti_close_code(const struct tutti_client *client)
{
    return client->dropping != 0 ? client->dropping : CLOSE_DONE;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

uint64_t tutti_deadline(const struct tutti_client *client)
{
    if (client->state == TUTTI_WAITING)
        return client->wake_us;
    uint64_t deadline = client_send_due_us(client);
    if (client->open && client->state == TUTTI_CONNECTING)
        deadline = earlier(deadline, client->hello_us + WELCOME_TIMEOUT_US);
    if (client->clock.asked)
        deadline = earlier(deadline, client->clock.asked_us + CLOCK_TIMEOUT_US);
    return deadline;
}

/* --- The caller's side --------------------------------------------------------------------------- */

enum tutti_state tutti_state(const struct tutti_client *client)
{
    return client->state;
}

const char *tutti_state_reason(const struct tutti_client *client, int *code)
{
    if (code != NULL)
        *code = client->reason_code;
    return client->reason;
}

uint32_t tutti_member(const struct tutti_client *client)
{
    return client->member;
}

uint64_t tutti_tick(const struct tutti_client *client)
{
    return client->tick;
}

uint32_t tutti_tick_rate(const struct tutti_client *client)
{
    return client->tick_hz;
}

uint64_t tutti_tick_now(const struct tutti_client *client, uint64_t now_us)
{
    uint64_t since_us = now_us > client->clock_tick_us ? now_us - client->clock_tick_us : 0;
    uint64_t tick = client->clock_tick + since_us * client->tick_hz / SECOND_US;
    return tick > client->tick ? tick : client->tick;
}

struct tutti_input_terms tutti_input_terms(const struct tutti_client *client)
{
    const struct input_terms *terms = &client->inputs.terms;
    return (struct tutti_input_terms){.taken = terms->taken,
                                      .type = terms->type,
                                      .minimum = terms->minimum,
                                      .maximum = terms->maximum,
                                      .hold = terms->hold,
                                      .ahead = terms->ahead};
}

struct tutti_fork tutti_forked_from(const struct tutti_client *client)
{
    return (struct tutti_fork){.room = client->forked,
                               .incarnation = client->forked_incarnation,
                               .tick = client->forked_tick};
}

uint32_t tutti_frame_rate(const struct tutti_client *client)
{
    return client->frame_hz;
}

const char *tutti_kind(const struct tutti_client *client)
{
    return client->kind;
}

const uint8_t *tutti_key(const struct tutti_client *client)
{
    return client->key;
}

uint64_t tutti_round_trip_us(const struct tutti_client *client)
{
    const struct clock_sample *best = clock_best(&client->clock);
    return best == NULL ? 0 : best->round_trip_us;
}

uint64_t tutti_server_ms(const struct tutti_client *client, uint64_t now_us)
{
    const struct clock_sample *best = clock_best(&client->clock);
    return best == NULL ? 0 : (now_us + (uint64_t)best->offset_us) / 1000;
}

uint64_t tutti_hash(const struct tutti_client *client)
{
    return replica_hash(client->replica);
}

enum tutti_status
tutti_presence(struct tutti_client *client, const char *field, struct tutti_value value)
{
    enum tutti_status status =
        presence_put(&client->presence, field, &value, replica_collection_at(client->replica, 0));
    if (status == TUTTI_OK)
        poke(client);
    return status;
}

enum tutti_status tutti_input(struct tutti_client *client, uint64_t tick, struct tutti_value value)
{
    if (client->state != TUTTI_LIVE || client->leaving)
        return TUTTI_REFUSED;
    enum tutti_status status = inputs_put(&client->inputs, tick, &value);
    if (status == TUTTI_OK)
        poke(client);
    return status;
}

enum tutti_status tutti_submit(struct tutti_client *client,
                               const struct tutti_edit *edits,
                               size_t count,
                               uint64_t *operation)
{
    if (!client->been_live || client->leaving)
        return TUTTI_REFUSED;
    enum tutti_status status = operations_submit(client, edits, count, operation);
    if (status == TUTTI_OK)
        poke(client);
    return status;
}

enum tutti_status tutti_put(struct tutti_client *client,
                            const char *collection,
                            const char *id,
                            const struct tutti_pair *fields,
                            size_t count)
{
    struct tutti_edit edit = {
        .verb = TUTTI_PUT, .collection = collection, .id = id, .fields = fields, .count = count};
    return tutti_submit(client, &edit, 1, NULL);
}

enum tutti_status tutti_delete(struct tutti_client *client, const char *collection, const char *id)
{
    struct tutti_edit edit = {.verb = TUTTI_DELETE, .collection = collection, .id = id};
    return tutti_submit(client, &edit, 1, NULL);
}

enum tutti_status
tutti_emit(struct tutti_client *client, const char *event, struct tutti_value value)
{
    struct tutti_pair pair = {.value = value};
    struct tutti_edit edit = {.verb = TUTTI_EMIT, .collection = event, .fields = &pair, .count = 1};
    return tutti_submit(client, &edit, 1, NULL);
}

uint32_t tutti_pending(const struct tutti_client *client)
{
    return client->operations.count - client->operations.settled;
}

uint32_t tutti_unsaved(const struct tutti_client *client)
{
    return client->operations.count - client->operations.refused;
}

uint64_t tutti_repeated(const struct tutti_client *client)
{
    return client->operations.repeated;
}

enum tutti_durability tutti_durability(const struct tutti_client *client)
{
    return (enum tutti_durability)client->durability;
}

enum tutti_saving tutti_saving(const struct tutti_client *client)
{
    return (enum tutti_saving)client->saving;
}

void tutti_new_id(struct tutti_client *client, char id[13])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t random[12];
    client->random(client->random_context, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        id[i] = letters[random[i] % 64];
    id[12] = 0;
}
