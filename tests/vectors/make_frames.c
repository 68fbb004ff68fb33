/* make_frames.c - sequences of a welcome and frames, from real rooms and, where a room would have
 * to be very large, by hand. */
#include <string.h>

#include "clients/c/messages.h"
#include "tests/every_kind.h"
#include "tests/vectors/make_vectors.h"
#include "tests/vectors/scene.h"
#include "tests/vectors/vector_json.h"

static void step(struct scene *scene, int member, const char *text, const char *name)
{
    scene_send(scene, member, text);
    scene_tick(scene, name);
}

/* One operation that does the same to s0, s1, ...: each # in `edit` becomes the number. */
static void send_for_each(struct scene *scene, int member, int count, const char *edit)
{
    char text[2048] = "[1, [";
    size_t length = strlen(text);
    for (int i = 0; i < count; i++) {
        if (i > 0)
            text[length++] = ',';
        for (const char *at = edit; *at != 0; at++)
            text[length++] = *at == '#' ? (char)('0' + i) : *at;
        demand(length + strlen(edit) + 4 < sizeof text, "too long a message", edit);
    }
    memcpy(text + length, "]]", 3);
    scene_send(scene, member, text);
}

/* --- Names ---------------------------------------------------------------------------------------- */

static void make_names(json_t *vectors)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_open, .incarnation = 11}, vectors);
    scene_record(&scene, 0, "names");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome of a room that is new");
    scene_tick(&scene, "the first frame: definitions and one's own presence");
    step(&scene, 0, "[1, [[0, 'shapes', 'a', 'x', 1, 'label', 'one']]]",
         "a collection and two fields are learnt");
    step(&scene, 0,
         "[1, [[2, 'shapes', 'a', 'points', 1, 2]], [[3, 'shapes', 'a', 'votes', 3]],"
         " [[5, 'chat', 0, 'hello']]]",
         "fields of each merge and an event are learnt");
    step(&scene, 0, "[2, 'status', 'busy']", "a field of presence is learnt");
    scene_end(&scene);
}

static void make_cursors(json_t *vectors)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_cursors, .incarnation = 12},
                vectors);
    scene_record(&scene, 0, "cursors");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome of a room of cursors");
    scene_join(&scene, 1, ROLE_EDITOR, "another member");
    scene_tick(&scene, "two members");
    step(&scene, 1, "[2, 'x', 100, 'y', 200]", "the other's cursor appears");
    scene_send(&scene, 0, "[2, 'x', 10, 'y', 20, 'typing', true]");
    scene_tick(&scene, "one's own too");
    scene_send(&scene, 0, "[2, 'x', 14, 'y', 17]");
    scene_send(&scene, 1, "[2, 'x', 99, 'y', 260]");
    scene_tick(&scene, "both move");
    scene_send(&scene, 0, "[2, 'x', 15]");
    scene_send(&scene, 1, "[2, 'y', 250]");
    scene_tick(&scene, "one moves sideways, the other upwards");
    step(&scene, 1, "[1, [[5, 'chat', 0, 'hi']], [[5, 'reaction', 0, {'emoji': '🎉'}]]]",
         "a chat line and a reaction");
    scene_end(&scene);
}

/* --- Runs ----------------------------------------------------------------------------------------- */

static void make_changes(struct scene *scene)
{
    step(scene, 1, "[1, [[1, 'shapes', 's1', 'text', 'blue'], [1, 'shapes', 's6', 'text', 'sky']]]",
         "set by gaps");
    send_for_each(scene, 1, 8, "[1, 'shapes', 's#', 'text', 'n#']");
    scene_tick(scene, "set by bitmap");
    step(scene, 1, "[1, [[1, 'shapes', 's2', 'n', 5], [1, 'shapes', 's7', 'n', -1000]]]",
         "moved by gaps");
    send_for_each(scene, 1, 8, "[1, 'shapes', 's#', 'n', #, 'fix', 8]");
    scene_tick(scene, "moved by bitmap");
    step(scene, 1, "[1, [[1, 'shapes', 's3', 'text', null, 'n', null]]]", "fields are unset");
    step(scene, 1, "[1, [[1, 'shapes', 's0', 'n', 9], [1, 'shapes', 's3', 'fix', 9]]]",
         "moves apart, for one record lacks the other's field");
    step(scene, 1, "[1, [[1, 'shapes', 's0', 'n', 8], [1, 'shapes', 's4', 'fix', 9]]]",
         "moves together: nothing is added to what did not move");
    step(scene, 1, "[1, [[1, 'shapes', 's3', 'n', 3], [1, 'shapes', 's4', 'n', 40]]]",
         "a field that was unset is whole, another one moves");
    step(scene, 1,
         "[1, [[1, 'shapes', 's4', 'on', true, 'data', {'$bin': '00ff10'}, 'ints',"
         " [1, -2, 70000], 'any', {'deep': [1.5, null, {'$bin': ''}]}]]]",
         "values of every type");
    step(scene, 1, "[1, [[0, 'papers', 'far'], [3, 'papers', 'far', 'sum', -9007199254740992]]]",
         "the least integer");
    step(scene, 1, "[1, [[1, 'papers', 'far', 'sum', 9007199254740992]]]",
         "a move too far to be told as a difference");
    step(scene, 1, "[1, [[3, 'shapes', 's5', 'votes', 2]], [[3, 'shapes', 's5', 'votes', -5]]]",
         "numbers are added");
}

static void make_lists(struct scene *scene)
{
    step(scene, 1, "[1, [[2, 'shapes', 's0', 'points', 1, 2, 3]]]", "a list begins");
    step(scene, 1, "[1, [[2, 'shapes', 's0', 'points', 4, -5]]]", "items are appended");
    step(scene, 1, "[1, [[1, 'shapes', 's0', 'points', []]]]", "a list is emptied");
    step(scene, 1, "[1, [[2, 'shapes', 's0', 'points', 6]]]", "an item after that");
    step(scene, 1, "[1, [[1, 'shapes', 's0', 'points', [7, 8]]]]", "a list is replaced");
    step(scene, 1, "[1, [[1, 'shapes', 's0', 'points', null]]]", "a list is unset");
    step(scene, 1, "[1, [[2, 'shapes', 's0', 'lines', 'good', true, 0.25, {'$bin': 'ab'}]]]",
         "a list of any items");
}

static void make_deletes(struct scene *scene)
{
    step(scene, 1, "[1, [[4, 'shapes', 's1'], [4, 'shapes', 's2'], [4, 'shapes', 's7']]]",
         "records are deleted");
    step(scene, 1, "[1, [[0, 'shapes', 'new', 'n', 1]]]",
         "a record is put in a slot that was free");
    step(scene, 1, "[1, [[4, 'shapes', 's3']], [[32, 'shapes', 's3', 1, 'text', 'again']]]",
         "a record is deleted and made again at once");
    step(scene, 1, "[1, [[0, 'shapes', 'brief', 'n', 1]], [[4, 'shapes', 'brief']]]",
         "a record that came and went between two frames");
}

static void make_events(struct scene *scene)
{
    step(scene, 1, "[1, [[5, 'chat', 0, 'one']]]", "an event to everyone");
    step(scene, 1, "[1, [[5, 'chat', 1, 'for you']]]", "an event to this member alone");
    step(scene, 1, "[1, [[5, 'chat', 2, 'for me']]]", "an event to someone else: no frame's");
    step(scene, 1, "[1, [[5, 'wave', 0, {'hands': 2}]]]", "an event that goes with presence");
    step(scene, 1, "[1, [[5, 'chat', 0, 2], [5, 'chat', 0, 3], [5, 'chat', 0, 4]]]",
         "more events than are kept");
}

static void make_presence(struct scene *scene)
{
    step(scene, 1, "[2, 'x', 100, 3, 50, 'note', 'hi']", "presence is set");
    step(scene, 1, "[28, 3, 4]", "presence moves by differences");
    step(scene, 0, "[2, 'x', 1, 'y', 2]", "one's own presence comes back as everyone's");
    scene_disconnect(scene, 1);
    scene_tick(scene, "a member is away");
    scene_join(scene, 1, ROLE_EDITOR, "back");
    scene_tick(scene, "a member is back");
    scene_skip(scene, 0);
    scene_send(scene, 1, "[1, [[1, 'shapes', 's4', 'n', 41]]]");
    scene_tick(scene, "not sent");
    step(scene, 1, "[1, [[1, 'shapes', 's5', 'n', 51]]]",
         "after a frame left out: values are whole");
    room_leave(scene->room, scene->members[1].seat);
    scene->members[1].connected = false;
    scene_tick(scene, "a member has left");
}

static void make_runs(json_t *vectors)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_every, .incarnation = 13}, vectors);
    scene_record(&scene, 0, "runs");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome of a room of every kind of field");
    scene_join(&scene, 1, ROLE_EDITOR, "another member");
    scene_tick(&scene, "all definitions, two members, what is dealt to this one");
    send_for_each(&scene, 1, 8, "[0, 'shapes', 's#', 'n', 1#, 'fix', -4, 'text', 'red']");
    scene_tick(&scene, "eight records are put");
    make_changes(&scene);
    make_lists(&scene);
    make_deletes(&scene);
    make_events(&scene);
    make_presence(&scene);
    scene_end(&scene);
}

/* --- News ----------------------------------------------------------------------------------------- */

static void make_news(json_t *vectors)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_every, .incarnation = 14}, vectors);
    scene_record(&scene, 0, "news");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome");
    scene_tick(&scene, "the first frame");
    step(&scene, 0, "[1, [[0, 'shapes', 'a', 'n', 1]], [[0, 'shapes', 'b', 'n', 2]]]",
         "two operations are decided");
    step(&scene, 0, "[1, [[1, 'shapes', 'a']]]", "an operation that changes nothing: news alone");
    step(&scene, 0,
         "[1, [[8, 'shapes', 'a', 'n', 5]], [[1, 'shapes', 'b', 'n', 3]], [[4, 'shapes', 'b']],"
         " [[1, 'shapes', 'b', 'n', 4]], [[1, 'shapes', 'none', 'n', 4]],"
         " [[1, 'weather', 'here', 'wind', 1]], [[1, 'shapes', 'a', 'n', 'far']],"
         " [[1, 'shapes', 'a', 'n', 1001]], [[17, 'shapes', 'a', 1, 'n', 6]]]",
         "refusals: exists, deleted, not found, denied, type, range, stale");
    scene_skip(&scene, 0);
    step(&scene, 0, "[1, [[4, 'shapes', 'none']], [[0, 'shapes', 'c', 'n', 3]]]", "not sent");
    scene_disconnect(&scene, 0);
    scene_join(&scene, 0, ROLE_EDITOR, "a welcome with a refusal that the client did not hear of");
    scene_tick(&scene, "what it missed");
    scene_end(&scene);
}

/* --- Inputs --------------------------------------------------------------------------------------- */

static void make_inputs(json_t *vectors)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_every, .incarnation = 20}, vectors);
    scene_record(&scene, 0, "inputs");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome of a kind that takes inputs");
    scene_join(&scene, 1, ROLE_EDITOR, "another member");
    scene_tick(&scene, "the first frame: none was sent yet");
    step(&scene, 0, "[5, 1, 7, 8, 9]", "three inputs, the first for the next tick");
    scene_tick(&scene, "none arrived, one was taken");
    step(&scene, 0, "[1, [[0, 'shapes', 'a', 'n', 1]]]", "with news and a section");
    scene_tick(&scene, "a tick missed, the last one held");
    scene_send(&scene, 0, "[5, 0, 1]");
    step(&scene, 0, "[5, 90, 1, 2]", "one that is late, others that are early");
    scene_skip(&scene, 0);
    scene_tick(&scene, "not sent");
    step(&scene, 1, "[1, [[1, 'shapes', 'a', 'n', 2]]]",
         "two ticks missed, and what came meanwhile");
    scene_send(&scene, 0, "[1, [[4, 'shapes', 'none']]]");
    step(&scene, 0, "[5, -89, 5]", "a refusal beside an input");
    scene_disconnect(&scene, 0);
    scene_tick(&scene, "not seen");
    scene_join(&scene, 0, ROLE_EDITOR, "a welcome back");
    scene_tick(&scene, "no input on this connection: a frame as any");
    scene_end(&scene);
}

/* --- Roles ---------------------------------------------------------------------------------------- */

static void set_role(struct scene *scene, int member, enum role role)
{
    enum status status = room_set_role(scene->room, scene->members[member].seat, role);
    demand(status == STATUS_OK, status_text(status), "role");
}

static void make_roles(json_t *vectors)
{
    struct scene scene;
    scene_begin(&scene, &(struct scene_options){.rules = &kind_every, .incarnation = 15}, vectors);
    scene_record(&scene, 0, "roles");
    scene_join(&scene, 1, ROLE_OWNER, "another member");
    scene_tick(&scene, "another member");
    scene_join(&scene, 0, ROLE_OWNER, "the welcome of an owner");
    scene_tick(&scene, "the first frame");
    step(&scene, 1, "[1, [[0, 'secrets', 'plan', 'text', 'at dawn']]]",
         "a record that owners alone see");
    step(&scene, 0, "[1, [[0, 'hands', 'ace', 'suit', 'spades']]]",
         "a record that this member alone sees");
    step(&scene, 1, "[1, [[0, 'hands', 'ten', 'suit', 'hearts']]]", "another member's: no frame's");
    set_role(&scene, 0, ROLE_EDITOR);
    scene_tick(&scene, "no owner any more: the scope is lost");
    step(&scene, 1, "[1, [[1, 'secrets', 'plan', 'text', 'at noon']]]", "unseen: no frame's");
    set_role(&scene, 0, ROLE_ADMIN);
    scene_tick(&scene, "an admin sees it again");
    scene_end(&scene);
}

/* --- Transfers of more than one frame ------------------------------------------------------------- */

static void make_parts(json_t *vectors)
{
    struct scene scene;
    scene_begin(
        &scene,
        &(struct scene_options){.rules = &kind_every, .incarnation = 16, .section_bytes = 100},
        vectors);
    scene_join(&scene, 1, ROLE_EDITOR, "another member");
    scene_tick(&scene, "another member");
    send_for_each(&scene, 1, 10, "[0, 'shapes', 's#', 'n', 1#, 'text', 'a label']");
    scene_tick(&scene, "ten records");
    scene_send(&scene, 1, "[1, [[5, 'chat', 0, 'before']], [[4, 'shapes', 's9']]]");
    scene_tick(&scene, "an event and a tombstone");
    scene_record(&scene, 0, "parts");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome of a room whose state takes several frames");
    scene_tick(&scene, "the first part of the first load");
    step(&scene, 1, "[1, [[1, 'shapes', 's0', 'n', 999]], [[4, 'shapes', 's8']]]",
         "the second part, while records change");
    scene_drain(&scene, "the rest of the first load");
    scene_skip(&scene, 0);
    send_for_each(&scene, 1, 8, "[1, 'shapes', 's#', 'text', 'other #', 'n', 0]");
    scene_tick(&scene, "not sent");
    step(&scene, 1, "[1, [[5, 'chat', 0, 'after']]]", "the first part of what was missed");
    scene_drain(&scene, "the rest of what was missed");
    scene_end(&scene);
}

/* --- Coming back ---------------------------------------------------------------------------------- */

static void make_returns(json_t *vectors)
{
    struct scene scene;
    const struct scene_options first = {.rules = &kind_every, .incarnation = 17, .tombstones = 2};
    const struct scene_options second = {.rules = &kind_every, .incarnation = 18};
    scene_begin(&scene, &first, vectors);
    scene_record(&scene, 0, "returns");
    scene_join(&scene, 1, ROLE_EDITOR, "another member");
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome");
    scene_tick(&scene, "the first frame");
    send_for_each(&scene, 1, 6, "[0, 'shapes', 's#', 'n', #]");
    scene_tick(&scene, "six records");
    scene_disconnect(&scene, 0);
    step(&scene, 1, "[1, [[4, 'shapes', 's0'], [1, 'shapes', 's1', 'n', 100]]]", "not seen");
    scene_join(&scene, 0, ROLE_EDITOR, "a welcome back: all scopes are kept");
    scene_tick(&scene, "the difference");
    scene_disconnect(&scene, 0);
    step(&scene, 1,
         "[1, [[4, 'shapes', 's1'], [4, 'shapes', 's2'], [4, 'shapes', 's3'], [5, 'chat', 0, 1]]]",
         "not seen");
    scene_join(&scene, 0, ROLE_EDITOR, "a welcome back after tombstones were pruned");
    scene_tick(&scene, "one scope starts over, the others go on");
    scene_replace_room(&scene, &second);
    scene_join(&scene, 0, ROLE_EDITOR, "the welcome of another incarnation: nothing is kept");
    scene_tick(&scene, "everything anew");
    scene_end(&scene);
}

/* --- By hand -------------------------------------------------------------------------------------- */

/* Sections that had no room in the message need 60 KiB of state; these stand for such a room. */
static const struct {
    const char *name, *message;
} by_hand[] = {
    {"the welcome", "[2, 1, 19, 500, 20, 20, 'open', 0, false, false, [], 0,"
                    " [65536, 100, 200, 65536, 131072, 64, 32768], [], 0, null, null, true,"
                    " 'of a later version']"},
    {"half of the definitions; everyone's scope follows in the next message",
     "[0, 0, [3, 6, [0, 0, 'presence', 1, 2], [1, 0, 0, 'user', 0, 0, 0, 0, 1],"
     " [1, 0, 1, 'x', 3, 0, 0, 4000, 2], [0, 1, 'shapes', 0, 1],"
     " [1, 1, 0, 'x', 2, 0, -1000, 1000, 1], [1, 1, 1, 'label', 4, 0, 0, 20, 1]],"
     " [9, 0], [18, 1, 1, 3, 1, 0, 1, 'Ada', 7]]"},
    {"the other definitions, and the first part of it",
     "[0, 1, [0, 2, [1, 1, 2, 'points', 6, 1, 0, 100, 1], [2, 0, 'chat', 2, 'of a later version']],"
     " [11, 5, 9, 3, 2, 0, 'a', 1, 'one', 1, 'b', 2, 'two']]"},
    {"the rest of it", "[0, 0, [8, 2, 9, 6, 1, 4, 'c', 'three', [5, 6], 7, 1, 'history']]"},
    {"it follows again, presence does not wait", "[0, 1, [9, 0], [16, 1, 4, 2, 1, 0, 5]]"},
    {"what followed: a move, an event, an item",
     "[0, 0, [8, 3, 12, 1, 1, 0, 13, 7, 1, 'news', 14, 2, 4, 2, 1, 7]]"},
    {"a slot unknown to the client is deleted", "[0, 1, [8, 1, 0, 2, 1, 40]]"},
    {"a record is put whole once more: what is not in the mask is unset",
     "[0, 1, [8, 1, 9, 1, 1, 0, 'a', 5]]"},
    {"an append that came before changes nothing", "[0, 1, [8, 1, 14, 2, 4, 2, 1, 7]]"},
    {"a deflated section",
     "[0, 1, [8, 1, {'$bin': '9bcec9ccc8ba308573454a6a5a4e62496a0a00'}, 17]]"},
    {"one that is stored as it is, and one beside it",
     "[0, 1, [8, 1, {'$bin': '010400fbff93000106'}, 4], [16, 1, 4, 2, 1, 0, 3]]"},
};

static void make_by_hand(json_t *vectors)
{
    static uint8_t buffer[4096];
    struct replica *replica = replica_create(&(struct memory){0});
    demand(replica != NULL, "no memory", "by hand");
    for (size_t i = 0; i < sizeof by_hand / sizeof by_hand[0]; i++) {
        json_t *message = json_of_text(by_hand[i].message);
        struct writer writer = writer_on(buffer, sizeof buffer);
        json_pack_message(&writer, message);
        struct frame_head head;
        if (i == 0) {
            replica_welcome(replica, 0, false);
        } else {
            demand(message_read_frame(writer_bytes(&writer), &head) == STATUS_OK, "bad frame",
                   by_hand[i].name);
            demand(replica_sections(replica, &head.sections, head.section_count) == STATUS_OK,
                   "bad section", by_hand[i].name);
        }
        json_array_append_new(vectors, json_pack("{s:s s:s s:o s:o s:o}", "name", by_hand[i].name,
                                                 "sequence", "by hand", "hex",
                                                 json_hex(writer_bytes(&writer)), "message",
                                                 message, "after", json_of_replica(replica)));
    }
    replica_destroy(replica);
}

/* --- Malformed ------------------------------------------------------------------------------------ */

struct malformed {
    const char *name;
    const char *message; /* as JSON, or the bytes as hexadecimal */
};

/* Whatever the client holds. */
static const struct malformed broken[] = {
    {"no array", "0"},
    {"an empty array", "[]"},
    {"no kind", "['frame', 0]"},
    {"an unknown kind", "[7, 0]"},
    {"inputs: no news", "[6, 0, 1, 0]"},
    {"inputs: a margin of text", "[6, 0, 'early', 0, null]"},
    {"inputs: fewer than none missed", "[6, 0, 1, -1, null]"},
    {"inputs: missed is nil", "[6, 0, 1, null, null]"},
    {"inputs: news of one element", "[6, 0, 1, 0, [1]]"},
    {"inputs: news that are a number", "[6, 0, 1, 0, 1]"},
    {"inputs: a section that is none", "[6, 0, 1, 0, null, 5]"},
    {"no ticks", "[0]"},
    {"ticks below 0", "[0, -1]"},
    {"ticks that are no integer", "[0, 1.5]"},
    {"no news", "[1, 0]"},
    {"news too short", "[1, 0, [1]]"},
    {"half a refusal", "[1, 0, [1, 0, 0]]"},
    {"a section that is no array", "[0, 0, 8]"},
    {"an empty section", "[0, 0, []]"},
    {"a section without its advance", "[0, 0, [8]]"},
    {"an advance below 0", "[0, 0, [8, -1]]"},
    {"a scope that does not exist", "[0, 0, [64, 0]]"},
    {"a deflated section without its size",
     "[0, 0, [8, 1, {'$bin': '9bcec9ccc8ba308573454a6a5a4e62496a0a00'}]]"},
    {"a deflated section with a surplus",
     "[0, 0, [8, 1, {'$bin': '9bcec9ccc8ba308573454a6a5a4e62496a0a00'}, 17, 0]]"},
    {"a deflated section that is longer",
     "[0, 0, [8, 1, {'$bin': '9bcec9ccc8ba308573454a6a5a4e62496a0a00'}, 16]]"},
    {"a deflated section that is shorter",
     "[0, 0, [8, 1, {'$bin': '9bcec9ccc8ba308573454a6a5a4e62496a0a00'}, 18]]"},
    {"a deflated section that has no end",
     "[0, 0, [8, 1, {'$bin': '9bcec9ccc8ba308573454a6a5a4e62496a'}, 17]]"},
    {"a deflated section of nothing", "[0, 0, [8, 1, {'$bin': ''}, 0]]"},
    {"a deflated section that is none", "[0, 0, [8, 1, {'$bin': 'ffffffffff'}, 17]]"},
    {"a deflated section of no array", "[0, 0, [8, 1, {'$bin': '630700'}, 1]]"},
    {"a deflated section larger than it says",
     "[0, 0, [8, 1, {'$bin': "
     "'edc1010d000000c2a0f74f6d0f071400000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000fc18'}, 65536]]"},
    {"a deflated section that says too much",
     "[0, 0, [8, 1, {'$bin': "
     "'edc1010d000000c2a0f74f6d0f071400000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
     "00000000000000000000000000000000000000000000000000000fc18'}, 300000]]"},
    {"a lost scope with an advance", "[0, 0, [12, 0]]"},
    {"lost and restart", "[0, 0, [14]]"},
    {"the names are lost", "[0, 0, [4]]"},
    {"an unknown definition", "[0, 0, [0, 1, [3, 1, 'what']]]"},
    {"a definition too short", "[0, 0, [0, 1, [0, 9, 'things', 0]]]"},
    {"a definition that is no array", "[0, 0, [0, 1, 0]]"},
    {"a name too long", "[0, 0, [0, 1, [0, 9, 'abcdefghijklmnopqrstuvwxyzabcdefg', 0, 1]]]"},
    {"a field number too high", "[0, 0, [0, 1, [1, 1, 32, 'x', 0, 0, 0, 0, 1]]]"},
    {"an unknown type", "[0, 0, [0, 1, [1, 1, 3, 'y', 7, 0, 0, 0, 1]]]"},
    {"an unknown merge", "[0, 0, [0, 1, [1, 1, 3, 'y', 0, 3, 0, 0, 1]]]"},
    {"fewer definitions than the place moves by", "[0, 0, [0, 2, [0, 9, 'things', 0, 1]]]"},
    {"a run that begins with no integer", "[0, 0, [8, 1, 'run']]"},
    {"a run below 0", "[0, 0, [8, 1, -1]]"},
    {"a delete without its count", "[0, 0, [8, 1, 0]]"},
    {"a delete without its gaps", "[0, 0, [8, 1, 0, 2, 1]]"},
    {"a delete of a collection", "[0, 0, [8, 1, 8, 1, 0]]"},
    {"a put without its values", "[0, 0, [8, 1, 9, 3, 1, 9, 'z', 1]]"},
    {"a put with an empty id", "[0, 0, [8, 1, 9, 1, 1, 9, '', 1]]"},
    {"a put with an id too long", "[0, 0, [8, 1, 9, 1, 1, 9, 'abcdefghijklmnopqrstuvwxy', 1]]"},
    {"a put with a space in its id", "[0, 0, [8, 1, 9, 1, 1, 9, 'a z', 1]]"},
    {"a slot below 0", "[0, 0, [8, 1, 9, 1, 1, -1, 'z', 1]]"},
    {"a bitmap that is no binary", "[0, 0, [8, 1, 11, 1, 0, 1, 1]]"},
    {"a bitmap without its values", "[0, 0, [8, 1, 11, 1, 0, {'$bin': '03'}, 1]]"},
    {"a move by a string", "[0, 0, [8, 1, 12, 1, 1, 0, 'x']]"},
    {"a move below 0 before zigzag", "[0, 0, [8, 1, 12, 1, 1, 0, -1]]"},
    {"an append without its items", "[0, 0, [8, 1, 14, 2, 4, 3, 2, 7]]"},
    {"an event without its value", "[0, 0, [8, 1, 7, 1]]"},
    {"an event from no member", "[0, 0, [8, 1, 7, -1, 'hi']]"},
    {"it ends too soon", "930000"},
    {"a byte after the message", "92000000"},
    {"an array of four billion sections", "ddffffffff0000"},
    {"an extension", "9300009508010701d40001"},
    {"a reserved byte", "930000c1"},
    {"not a number", "9300009508010701cb7ff8000000000000"},
    {"invalid UTF-8", "9300009508010701a2c328"},
    {"a key twice", "930000950801070182a16101a16102"},
    {"a key that is no string", "9300009508010701810102"},
};

/* For a client that holds what the sequence "by hand" leaves. */
static const struct malformed contradictory[] = {
    {"a number twice", "[0, 0, [0, 1, [0, 1, 'things', 0, 1]]]"},
    {"a field of an unknown collection", "[0, 0, [0, 1, [1, 9, 0, 'x', 0, 0, 0, 0, 1]]]"},
    {"a put into an unknown collection", "[0, 0, [8, 1, 73, 0, 1, 9, 'z']]"},
    {"a put with an unknown field", "[0, 0, [8, 1, 9, 8, 1, 9, 'z', 1]]"},
    {"a put of a member into a shared collection", "[0, 0, [8, 1, 9, 1, 1, 9, 3, 1]]"},
    {"a put of a name into presence", "[0, 0, [16, 1, 1, 2, 1, 9, 'z', 1]]"},
    {"a put into another scope than its collection's", "[0, 0, [16, 1, 9, 1, 1, 9, 'z', 1]]"},
    {"a string for an integer", "[0, 0, [8, 1, 10, 1, 1, 0, 'far']]"},
    {"an integer for a string", "[0, 0, [8, 1, 10, 2, 1, 0, 3]]"},
    {"an integer for a list", "[0, 0, [8, 1, 10, 4, 1, 0, 3]]"},
    {"a list of strings for integers", "[0, 0, [8, 1, 10, 4, 1, 0, ['a']]]"},
    {"a set of an empty slot", "[0, 0, [8, 1, 10, 1, 1, 9, 1]]"},
    {"a set of an empty slot by bitmap", "[0, 0, [8, 1, 11, 1, 9, {'$bin': '01'}, 1]]"},
    {"a set in another collection's slot", "[0, 0, [16, 1, 10, 1, 1, 0, 1]]"},
    {"a move of a field that is unset", "[0, 0, [8, 1, 12, 1, 1, 4, 2]]"},
    {"a move of a string", "[0, 0, [8, 1, 12, 2, 1, 1, 2]]"},
    {"an append after a gap", "[0, 0, [8, 1, 14, 2, 4, 4, 1, 7]]"},
    {"an append to a field that is no list", "[0, 0, [8, 1, 14, 0, 0, 0, 1, 7]]"},
    {"an append to an empty slot", "[0, 0, [8, 1, 14, 2, 9, 0, 1, 7]]"},
    {"an append of strings to integers", "[0, 0, [8, 1, 14, 2, 4, 3, 1, 'a']]"},
    {"an unknown event", "[0, 0, [8, 1, 15, 1, 'hi']]"},
};

static bool is_json(const char *text)
{
    return strpbrk(text, "[,") != NULL || strlen(text) < 2;
}

static void
add_malformed(json_t *vectors, const struct malformed *rows, size_t count, const char *breaks)
{
    static uint8_t buffer[4096];
    for (size_t i = 0; i < count; i++) {
        json_t *hex = json_string(rows[i].message);
        if (is_json(rows[i].message)) {
            json_t *message = json_of_text(rows[i].message);
            struct writer writer = writer_on(buffer, sizeof buffer);
            json_pack_message(&writer, message);
            json_decref(message);
            json_decref(hex);
            hex = json_hex(writer_bytes(&writer));
        }
        json_array_append_new(vectors,
                              json_pack("{s:s s:s s:s s:o}", "name", rows[i].name, "sequence",
                                        "by hand", "breaks", breaks, "hex", hex));
    }
}

/* --- All ------------------------------------------------------------------------------------------ */

void make_frames(const char *folder)
{
    json_t *vectors = json_array();
    make_names(vectors);
    make_cursors(vectors);
    make_runs(vectors);
    make_news(vectors);
    make_roles(vectors);
    make_parts(vectors);
    make_returns(vectors);
    make_by_hand(vectors);
    vectors_write(folder, "frames.json", vectors);
    json_decref(vectors);

    vectors = json_array();
    make_inputs(vectors);
    vectors_write(folder, "input_frames.json", vectors);
    json_decref(vectors);

    vectors = json_array();
    add_malformed(vectors, broken, sizeof broken / sizeof broken[0], "format");
    add_malformed(vectors, contradictory, sizeof contradictory / sizeof contradictory[0], "state");
    vectors_write(folder, "malformed_frames.json", vectors);
    json_decref(vectors);
}
