#include "tests/lone_client.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sync/pack.h"
#include "tests/notation.h"

struct lone_client lone;

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
    size_t length = strlen(lone.told);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(lone.told + length, sizeof lone.told - length, format, arguments);
    va_end(arguments);
}

void expect_told(const char *text)
{
    ck_assert_str_eq(lone.told, text);
    lone.told[0] = 0;
}

static void on_state(void *context, struct tutti_client *which, enum tutti_state state)
{
    static const char *const names[] = {"waiting", "connecting", "loading", "live", "ended"};
    (void)context, (void)which;
    tell("%s ", names[state]);
}

static void on_added(void *context, struct tutti_client *which, const struct tutti_record *record)
{
    size_t length;
    const char *id = tutti_record_id(record, &length);
    (void)context, (void)which;
    tell("+%s/%.*s ", tutti_record_collection(record), (int)length, id);
}

static void on_changed(void *context,
                       struct tutti_client *which,
                       const struct tutti_record *record,
                       uint32_t fields)
{
    size_t length;
    const char *id = tutti_record_id(record, &length);
    (void)context, (void)which;
    tell("~%.*s:%u ", (int)length, id, fields);
}

static void on_removed(void *context, struct tutti_client *which, const struct tutti_record *record)
{
    size_t length;
    const char *id = tutti_record_id(record, &length);
    (void)context, (void)which;
    tell("-%.*s ", (int)length, id);
}

static void on_event(void *context,
                     struct tutti_client *which,
                     const char *name,
                     uint32_t from,
                     struct tutti_value value,
                     bool history)
{
    (void)context, (void)which;
    tell("%s%s %u '%.*s' ", history ? "old " : "", name, from, (int)value.length,
         (const char *)value.data);
}

static void on_decided(void *context,
                       struct tutti_client *which,
                       uint64_t operation,
                       uint32_t sequence,
                       enum tutti_status status)
{
    (void)context, (void)which;
    tell("#%d@%u=%d ", (int)operation, sequence, (int)status);
}

static void on_uncertain(void *context, struct tutti_client *which, uint64_t operation)
{
    (void)context, (void)which;
    tell("?%d ", (int)operation);
}

static void on_saved(void *context, struct tutti_client *which, uint64_t operation)
{
    (void)context, (void)which;
    tell("!%d ", (int)operation);
}

static void on_saving(void *context, struct tutti_client *which, enum tutti_saving saving)
{
    (void)context, (void)which;
    tell("saving %d ", (int)saving);
}

static void
on_inputs(void *context, struct tutti_client *which, const struct tutti_input_report *report)
{
    (void)context, (void)which;
    if (report->arrived)
        tell("inputs %d margin %d missed %u ", (int)report->tick, (int)report->margin,
             report->missed);
    else
        tell("inputs %d missed %u ", (int)report->tick, report->missed);
}

static void on_notice(void *context,
                      struct tutti_client *which,
                      enum tutti_status status,
                      const char *text,
                      size_t length)
{
    (void)context, (void)which;
    tell("notice %d '%.*s' ", (int)status, (int)length, text);
}

static const struct tutti_handlers handlers = {
    .state_changed = on_state,
    .record_added = on_added,
    .record_changed = on_changed,
    .record_removed = on_removed,
    .event = on_event,
    .decided = on_decided,
    .saved = on_saved,
    .uncertain = on_uncertain,
    .saving = on_saving,
    .inputs = on_inputs,
    .notice = on_notice,
};

/* Every byte 7: waits are then the same in each run. */
static void sevens(void *context, uint8_t *data, size_t length)
{
    (void)context;
    memset(data, 7, length);
}

void lone_setup(void)
{
    struct tutti_options options = {
        .kind = "cursors",
        .user = tutti_text("Ada"),
        .random = sevens,
        .unsaved_operations = 100,
    };
    lone.now = 1000 * SECOND;
    lone.told[0] = 0;
    lone.client = tutti_create(&options, &handlers, lone.now);
    ck_assert_ptr_nonnull(lone.client);
}

void lone_teardown(void)
{
    tutti_destroy(lone.client);
}

void hear(const char *message)
{
    static uint8_t buffer[TUTTI_MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, message);
    tutti_received(lone.client, lone.now, buffer, writer.length);
}

/* The next message of the client is this one; notation's arrays have long heads, so both are
 * written out first. */
static void write_out(struct reader *reader, char *text, size_t capacity)
{
    size_t length = strlen(text);
    if (read_type(reader) == PACK_ARRAY) {
        uint32_t count = read_array(reader);
        snprintf(text + length, capacity - length, "[");
        for (uint32_t i = 0; i < count; i++)
            write_out(reader, text, capacity);
        length = strlen(text);
        snprintf(text + length, capacity - length, "] ");
        return;
    }
    struct bytes value = read_value(reader);
    for (size_t i = 0; i < value.length; i++)
        length += (size_t)snprintf(text + length, capacity - length, "%02x", value.data[i]);
    snprintf(text + length, capacity - length, " ");
}

void expect_output(const char *message)
{
    static uint8_t buffer[4096];
    static char wanted[8192], got[8192];
    size_t length = tutti_output(lone.client, lone.now, lone.output, sizeof lone.output);
    struct writer writer = writer_on(buffer, sizeof buffer);
    notation_pack(&writer, message);
    struct reader want = reader_on(writer_bytes(&writer));
    struct reader have = reader_on((struct bytes){lone.output, length});
    wanted[0] = 0;
    got[0] = 0;
    write_out(&want, wanted, sizeof wanted);
    write_out(&have, got, sizeof got);
    ck_assert_str_eq(got, wanted);
    ck_assert_int_eq(reader_end(&have), STATUS_OK);
}

void expect_silence(void)
{
    ck_assert(!tutti_output_due(lone.client, lone.now));
    ck_assert_uint_eq(tutti_output(lone.client, lone.now, lone.output, sizeof lone.output), 0);
}

const char HELLO[] = "[0 1 x07070707070707070707070707070707 'cursors' 'Ada' 0 0 0 [] 1]";

void welcome_at(uint32_t incarnation,
                uint32_t tick,
                uint32_t sequence,
                bool known,
                const char *refusals,
                int durability,
                uint32_t unsaved)
{
    char message[512];
    snprintf(message, sizeof message,
             "[2 5 %u %u 20 20 'cursors' %u %s %s [%s] %d"
             " [65536 1000 1000 1000000 1000000 4 32768] [%s] %u]",
             incarnation, tick, sequence, known ? "true" : "false", known ? "true" : "false",
             known && incarnation == 9 ? "0 1 2" : "", durability, refusals, unsaved);
    hear(message);
}

void welcome(uint32_t sequence, bool known, const char *kept, const char *refusals)
{
    char message[512];
    snprintf(message, sizeof message,
             "[2 5 9 100 20 20 'cursors' %u %s %s [%s] 0 [65536 1000 1000 1000000 1000000 4 32768]"
             " [%s]]",
             sequence, known ? "true" : "false", known ? "true" : "false", kept, refusals);
    hear(message);
}

const char STATE[] =
    "[0 1 [2 6 [0 0 'presence' 1 2] [1 0 0 'x' 3 0 0 131070 2] [1 0 1 'y' 3 0 0 131070 2]"
    " [1 0 2 'state' 0 0 0 0 1] [0 1 'shapes' 0 1] [2 0 'chat' 20]] [10 0] [18 1 1 0 1 0 5]]";

void drain_output(void)
{
    while (tutti_output(lone.client, lone.now, lone.output, sizeof lone.output) > 0)
        continue;
}

void go_live(void)
{
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_CONNECT);
    tutti_opened(lone.client, lone.now);
    expect_output(HELLO);
    welcome(0, false, "", "");
    hear(STATE);
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LIVE);
    drain_output();
    lone.told[0] = 0;
}

void break_link(int code, const char *reason)
{
    tutti_closed(lone.client, lone.now, code, reason, strlen(reason));
}

void reconnect(const char *hello)
{
    lone.now = tutti_deadline(lone.client);
    tutti_advance(lone.client, lone.now);
    ck_assert_int_eq(tutti_wish(lone.client), TUTTI_CONNECT);
    tutti_opened(lone.client, lone.now);
    expect_output(hello);
}

void resume(void)
{
    hear("[0 0]");
    ck_assert_int_eq(tutti_state(lone.client), TUTTI_LIVE);
    lone.told[0] = 0;
}

void put_shape(const char *id)
{
    struct tutti_pair pair = {.name = "n", .value = tutti_integer(1)};
    ck_assert_int_eq(tutti_put(lone.client, "shapes", id, &pair, 1), TUTTI_OK);
}
