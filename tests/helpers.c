#include "tests/helpers.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "sync/room_parts.h"
#include "tests/notation.h"

/* --- Memory and chance --------------------------------------------------------------------------- */

static void *counted_allocate(void *context, size_t bytes)
{
    struct counted_memory *counted = context;
    if (counted->forbidden) /* an assertion would cost more than the allocation */
        ck_abort_msg("memory was asked for where none may be");
    if (bytes > counted->peak)
        counted->peak = bytes;
    if (counted->left == 0)
        return NULL;
    if (counted->left != UINT64_MAX)
        counted->left--;
    void *block = malloc(bytes);
    if (block == NULL)
        ck_abort_msg("there is no memory");
    memset(block, 0xa5, bytes); /* whoever counts on zeros shall see */
    counted->live++;
    return block;
}

static void counted_release(void *context, void *block)
{
    struct counted_memory *counted = context;
    counted->live--;
    free(block);
}

struct memory memory_counted(struct counted_memory *counted)
{
    return (struct memory){counted_allocate, counted_release, counted};
}

struct chance chance_of(uint64_t seed)
{
    return (struct chance){seed * UINT64_C(0x9e3779b97f4a7c15) + 1};
}

/* splitmix64 (Steele and others, 2014). */
uint64_t chance_bits(struct chance *chance)
{
    uint64_t bits = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    bits = (bits ^ (bits >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    bits = (bits ^ (bits >> 27)) * UINT64_C(0x94d049bb133111eb);
    return bits ^ (bits >> 31);
}

uint32_t chance_below(struct chance *chance, uint32_t bound)
{
    return (uint32_t)(chance_bits(chance) % bound);
}

/* --- Rooms ----------------------------------------------------------------------------------------- */

struct room *room_of(const struct rules *rules)
{
    struct room *room = room_create(&(struct room_options){.rules = rules, .incarnation = 1});
    ck_assert_ptr_nonnull(room);
    return room;
}

struct hello hello_of(unsigned key)
{
    struct hello hello = {.version = WIRE_VERSION};
    memcpy(hello.key, &key, sizeof key);
    return hello;
}

uint32_t join(struct room *room, unsigned key, enum role role)
{
    struct hello hello = hello_of(key);
    uint32_t seat;
    ck_assert_int_eq(room_join(room, &hello, role, &seat), STATUS_OK);
    return seat;
}

enum status submit(struct room *room, uint32_t seat, const char *message)
{
    static uint8_t packed[2 * MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    ck_assert_uint_eq(notation_pack(&writer, message), 1);
    return room_submit(room, seat, writer_bytes(&writer));
}

void forget_spare_memory(struct room *room)
{
    struct heap *heap = &room->state.heap;
    heap->unused = heap->end;
    memset(heap->free, 0, sizeof heap->free);
}

void step(struct room *room)
{
    forget_spare_memory(room);
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    room_tick(room);
}

/* What a tick refused, of the one thing that it took. */
static enum status stepped(struct room *room)
{
    uint64_t before[STATUS_COUNT];
    memcpy(before, room_refusals(room), sizeof before);
    step(room);
    for (int i = 0; i < STATUS_COUNT; i++)
        if (room_refusals(room)[i] != before[i])
            return (enum status)i;
    return STATUS_OK;
}

/* The line between two others. */
static enum status submit_within(struct room *room,
                                 uint32_t seat,
                                 const char *before,
                                 const char *line,
                                 const char *after)
{
    static char message[4 * MESSAGE_BYTES_MAX];
    ck_assert_uint_lt(strlen(before) + strlen(line) + strlen(after), sizeof message);
    strcpy(message, before);
    strcat(message, line);
    strcat(message, after);
    return submit(room, seat, message);
}

enum status outcome(struct room *room, uint32_t seat, const char *edits)
{
    enum status status = submit_within(room, seat, "[1 [", edits, "]]");
    return status == STATUS_OK ? stepped(room) : status;
}

enum status presence(struct room *room, uint32_t seat, const char *pairs)
{
    enum status status = submit_within(room, seat, "[2 ", pairs, "]");
    return status == STATUS_OK ? stepped(room) : status;
}

enum status rules_edit(struct room *room, uint32_t member, const char *edits)
{
    static uint8_t packed[MESSAGE_BYTES_MAX];
    struct writer writer = writer_on(packed, sizeof packed);
    struct open_array operation = pack_array_begin(&writer);
    notation_pack(&writer, edits);
    pack_array_end(&writer, operation);
    return room_edit(room, member, writer_bytes(&writer));
}

enum status server_edit(struct room *room, uint32_t member, const char *edits)
{
    forget_spare_memory(room);
    ck_assert_int_eq(room_prepare(room), STATUS_OK);
    return rules_edit(room, member, edits);
}

void expect_value(const struct room *room,
                  const char *collection,
                  uint32_t member,
                  const char *id,
                  const char *field,
                  const char *value)
{
    static uint8_t noted[MESSAGE_BYTES_MAX], wanted[MESSAGE_BYTES_MAX], got[MESSAGE_BYTES_MAX];
    struct writer note = writer_on(noted, sizeof noted);
    notation_pack(&note, value);
    struct reader reader = reader_on(writer_bytes(&note));
    struct writer want = writer_on(wanted, sizeof wanted);
    value_canonical(&reader, &want); /* notation's arrays have long heads */
    size_t length = read_field(room, collection, member, id, field, got, sizeof got);
    if (length == 0)
        got[length++] = 0xc0;
    ck_assert_msg(bytes_equal(writer_bytes(&want), (struct bytes){got, length}),
                  "%s %s.%s is not %s", collection, id, field, value);
}

/* --- Frames ---------------------------------------------------------------------------------------- */

static void read_news(struct frame_head *head)
{
    uint32_t count = read_array(&head->reader);
    ck_assert(count >= 2 && count % 2 == 0);
    head->decided = read_integer(&head->reader);
    ck_assert_int_eq(read_integer(&head->reader), 0);
    head->refusals = count / 2 - 1;
    ck_assert_uint_le(head->refusals, NEWS_REFUSALS_MAX);
    for (uint32_t i = 0; i < head->refusals; i++) {
        head->back[i] = read_integer(&head->reader);
        head->status[i] = read_integer(&head->reader);
    }
}

static void read_inputs(struct frame_head *head)
{
    head->arrived = read_type(&head->reader) != PACK_NIL;
    if (head->arrived)
        head->margin = read_integer(&head->reader);
    else
        read_nil(&head->reader);
    head->missed = read_integer(&head->reader);
    head->news = read_type(&head->reader) != PACK_NIL;
    if (!head->news)
        read_nil(&head->reader);
}

struct frame_head frame_head(struct bytes message)
{
    struct frame_head head = {.reader = reader_on(message)};
    uint32_t count = read_array(&head.reader);
    int64_t kind = read_integer(&head.reader);
    ck_assert(server_message_is_frame(kind));
    head.inputs = kind == SERVER_FRAME_INPUTS;
    head.news = kind == SERVER_FRAME_NEWS;
    head.sections = count - (head.inputs ? 5 : head.news ? 3 : 2);
    head.ticks = read_integer(&head.reader);
    if (head.inputs)
        read_inputs(&head);
    if (head.news)
        read_news(&head);
    ck_assert_int_eq(head.reader.status, STATUS_OK);
    return head;
}

void frame_apply(struct replica *replica, struct bytes message)
{
    struct frame_head head = frame_head(message);
    ck_assert_int_eq(replica_sections(replica, &head.reader, head.sections), STATUS_OK);
    ck_assert_int_eq(reader_end(&head.reader), STATUS_OK);
}

unsigned
frames_apply(struct frames *frames, struct room *room, uint32_t seat, struct replica *replica)
{
    unsigned count = 0;
    bool more = frames_begin(frames, room);
    while (more) {
        struct frame frame = frames_next(frames, seat);
        if (frame.message != NULL) {
            frame_apply(replica, (struct bytes){frame.message, frame.length});
            count++;
        }
        more = frame.more;
        if (!more)
            frames_end(frames, true);
        ck_assert_uint_lt(count, 100000);
    }
    return count;
}
