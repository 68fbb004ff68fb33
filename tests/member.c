#include "tests/member.h"

#include <stdlib.h>
#include <string.h>

#include "clients/c/messages.h"
#include "sync/hash.h"

static const struct wire_limits limits = {
    MESSAGE_BYTES_MAX, 100, 200, 65536, 131072, OPERATIONS_IN_FLIGHT_MAX, RECORD_BYTES_MAX,
    DURABILITY_MEMORY, true};

void member_create(struct member *member, uint8_t name)
{
    *member = (struct member){.replica = replica_create(&(struct memory){0})};
    memset(member->key, name, sizeof member->key);
    if (member->replica == NULL)
        abort();
}

void member_destroy(struct member *member)
{
    replica_destroy(member->replica);
}

struct hello member_hello(const struct member *member)
{
    struct hello hello = {.version = WIRE_VERSION,
                          .sequence = member->sequence,
                          .decided = member->decided,
                          .incarnation = member->incarnation};
    memcpy(hello.key, member->key, sizeof hello.key);
    for (int i = 0; i < SCOPE_COUNT; i++)
        if (member->incarnation != 0 &&
            replica_place(member->replica, (enum wire_scope)i, &hello.places[i]))
            hello.places_held |= (uint8_t)(1u << i);
    return hello;
}

static enum status take_welcome(struct member *member, struct bytes message)
{
    struct welcome welcome;
    enum status status = message_read_welcome(message, &welcome);
    if (status != STATUS_OK)
        return status;
    replica_welcome(member->replica, welcome.scopes_kept,
                    welcome.incarnation == member->incarnation);
    member->incarnation = welcome.incarnation;
    member->sequence = member->decided = welcome.sequence;
    return STATUS_OK;
}

enum status member_join(struct member *member,
                        struct room *room,
                        const struct hello *hello,
                        enum role role,
                        uint8_t *welcome,
                        size_t *length)
{
    uint8_t bytes[MEMBER_WELCOME_BYTES];
    struct writer writer = writer_on(welcome != NULL ? welcome : bytes, sizeof bytes);
    enum status status = room_join(room, hello, role, &member->seat);
    if (status != STATUS_OK)
        return status;
    wire_write_welcome(&writer, room, member->seat, &limits);
    member->connected = true;
    member->more = member->skipped = false;
    if (length != NULL)
        *length = writer.length;
    return writer.status == STATUS_OK ? take_welcome(member, writer_bytes(&writer)) : writer.status;
}

enum status member_receive(struct member *member, struct bytes frame)
{
    struct frame_head head;
    enum status status = message_read_frame(frame, &head);
    if (status != STATUS_OK)
        return status;
    status = replica_sections(member->replica, &head.sections, head.section_count);
    member->decided += head.decided;
    return status == STATUS_OK ? reader_end(&head.sections) : status;
}

bool member_agrees(const struct member *member, const struct room *room)
{
    return !replica_complete(member->replica) ||
           replica_hash(member->replica) == room_hash(room, member->seat);
}
