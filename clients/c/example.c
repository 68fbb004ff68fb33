/* example.c - joins a room, moves a cursor in a circle and prints where the others point.
 *
 *   cc example.c -ltutti -lm && ./a.out ws://127.0.0.1:7777 lobby
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>

#include "clients/c/tutti.h"

static struct tutti_loop *loop;
static struct tutti_client *client;

static void changed(void *context,
                    struct tutti_client *room,
                    const struct tutti_record *record,
                    uint32_t fields)
{
    (void)context, (void)fields;
    uint32_t member = tutti_record_member(record);
    if (member != 0 && member != tutti_member(room))
        printf("member %u points at %g, %g\n", member, tutti_number(record, "x"),
               tutti_number(record, "y"));
}

static void state_changed(void *context, struct tutti_client *room, enum tutti_state state)
{
    (void)context;
    if (state == TUTTI_LIVE)
        printf("live as member %u\n", tutti_member(room));
    else if (state == TUTTI_WAITING || state == TUTTI_ENDED)
        printf("not connected: %s\n", tutti_state_reason(room, NULL));
    if (state == TUTTI_ENDED)
        tutti_loop_stop(loop);
}

/* The client sends what changed with the room's next frame, so this may run as often as it likes. */
static void move(void *context)
{
    static double angle;
    (void)context;
    angle += 0.1;
    tutti_presence(client, "x", tutti_real(400 + 200 * cos(angle)));
    tutti_presence(client, "y", tutti_real(300 + 200 * sin(angle)));
}

static void interrupted(int number)
{
    (void)number;
    tutti_loop_stop(loop);
}

int main(int count, char **arguments)
{
    const char *url = count > 1 ? arguments[1] : "ws://127.0.0.1:7777";
    const char *room = count > 2 ? arguments[2] : "lobby";
    struct tutti_options options = {.kind = "cursors", .user = tutti_text("example.c")};
    struct tutti_handlers handlers = {.state_changed = state_changed, .record_changed = changed};

    loop = tutti_loop_create(NULL);
    client = loop == NULL ? NULL : tutti_join(loop, url, room, &options, &handlers);
    if (client == NULL)
        return 1;
    signal(SIGINT, interrupted);
    tutti_loop_every(loop, 50, move, NULL);
    tutti_loop_run(loop);
    tutti_destroy(client);
    tutti_loop_destroy(loop);
    return 0;
}
