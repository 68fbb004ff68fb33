#include "sync/wire.h"

#include <string.h>

const char *close_text(enum close_code code)
{
    switch (code) {
#define CLOSE_TEXT_ROW(name, number, text)                                                         \
    case CLOSE_##name:                                                                             \
        return text;
        CLOSE_MAP(CLOSE_TEXT_ROW)
#undef CLOSE_TEXT_ROW
    }
    return "unknown";
}

enum status wire_read_kind(struct bytes message, int64_t *kind)
{
    struct reader reader = reader_on(message);
    if (read_array(&reader) == 0)
        reader_fail(&reader, STATUS_MALFORMED);
    *kind = read_integer(&reader);
    return reader.status;
}

/* scope, place, ... */
static void read_places(struct reader *reader, struct hello *hello)
{
    uint32_t count = read_array(reader);
    if (count % 2 != 0 || count > 2 * SCOPE_COUNT)
        reader_fail(reader, STATUS_MALFORMED);
    for (uint32_t i = 0; i < count && reader->status == STATUS_OK; i += 2) {
        int64_t scope = read_integer_in(reader, 0, SCOPE_COUNT - 1);
        if ((hello->places_held >> scope & 1) != 0)
            reader_fail(reader, STATUS_MALFORMED);
        hello->places_held |= (uint8_t)(1u << scope);
        hello->places[scope] = (uint64_t)read_integer_in(reader, 0, INTEGER_MAX);
    }
}

/* What may be left out is nil. */
static bool read_nothing(struct reader *reader)
{
    if (read_type(reader) != PACK_NIL)
        return false;
    read_nil(reader);
    return true;
}

enum status wire_read_hello(struct bytes message, struct hello *hello)
{
    struct reader reader = reader_on(message);
    uint32_t count = read_array(&reader);
    *hello = (struct hello){0};
    if (count < 2 || read_integer(&reader) != CLIENT_HELLO)
        reader_fail(&reader, STATUS_MALFORMED);
    hello->version = read_integer_in(&reader, 0, INTEGER_MAX);
    if (reader.status == STATUS_OK && hello->version != WIRE_VERSION)
        return STATUS_OK; /* what follows is another version's */
    if (count != 9 && count != 10)
        reader_fail(&reader, STATUS_MALFORMED);
    struct bytes key = read_binary(&reader);
    if (key.length == CLIENT_KEY_BYTES)
        memcpy(hello->key, key.data, CLIENT_KEY_BYTES);
    else
        reader_fail(&reader, STATUS_MALFORMED);
    if (!read_nothing(&reader))
        hello->kind = read_string(&reader);
    if (!read_nothing(&reader))
        hello->user = read_value(&reader);
    if (hello->user.length > USER_BYTES_MAX)
        reader_fail(&reader, STATUS_MALFORMED);
    hello->sequence = (uint32_t)read_integer_in(&reader, 0, UINT32_MAX);
    hello->decided = (uint32_t)read_integer_in(&reader, 0, hello->sequence);
    hello->incarnation = (uint64_t)read_integer_in(&reader, 0, INTEGER_MAX);
    read_places(&reader, hello);
    if (count == 10)
        hello->accepts = (uint64_t)read_integer_in(&reader, 0, INTEGER_MAX);
    return reader_end(&reader);
}

enum status wire_read_clock(struct bytes message, int64_t *echo)
{
    struct reader reader = reader_on(message);
    if (read_array(&reader) != 2 || read_integer(&reader) != CLIENT_CLOCK)
        reader_fail(&reader, STATUS_MALFORMED);
    *echo = read_integer_in(&reader, 0, INTEGER_MAX);
    return reader_end(&reader);
}

void wire_write_clock(struct writer *writer, int64_t echo, uint64_t wall_ms, uint64_t tick)
{
    pack_array(writer, 4);
    pack_integer(writer, SERVER_CLOCK);
    pack_integer(writer, echo);
    pack_integer(writer, (int64_t)wall_ms);
    pack_integer(writer, (int64_t)tick);
}

void wire_write_saving(struct writer *writer, enum saving saving)
{
    pack_array(writer, 2);
    pack_integer(writer, SERVER_SAVING);
    pack_integer(writer, saving);
}

void wire_write_notice(struct writer *writer, enum status status, const char *text)
{
    pack_array(writer, 3);
    pack_integer(writer, SERVER_NOTICE);
    pack_integer(writer, (int64_t)status);
    pack_string(writer, bytes_of(text));
}

bool wire_room_name_valid(struct bytes name)
{
    if (name.length < 1 || name.length > ROOM_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.length; i++) {
        uint8_t c = name.data[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '-')
            return false;
    }
    return true;
}
