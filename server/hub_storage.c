/* hub_storage.c - what the storage says, and what a hub's rooms and members are told of it. */
#include "server/hub.h"

#include "server/opening.h"

/* What is at its limit drops something with each sealing. */
#define DROPPED_TOLD_S 60u

void hub_tell_answer(struct hub *hub,
                     enum storage_event_kind kind,
                     struct bytes name,
                     struct bytes board,
                     enum store_result result,
                     const char *text)
{
    if (hub->answered != NULL)
        hub->answered(hub->answered_context, kind, name, board, result, text);
}

static void on_flushed(struct hub *hub, uint64_t number)
{
    hub_rooms_flushed(hub, number);
    opening_flushed(hub, number);
    storage_flush(hub->storage, hub->now_us, openings_count(hub) > 0);
}

static enum saving saving_now(const struct hub *hub)
{
    if (storage_is_full(hub->storage, hub->now_us))
        return SAVING_PAUSED;
    if (!hub->saves)
        return SAVING_WELL;
    return storage_is_interrupted(hub->storage, hub->now_us) ? SAVING_INTERRUPTED : SAVING_WELL;
}

/* The members are told whenever it changes. */
static void look_at_disk(struct hub *hub)
{
    static const char *const texts[] = {"well", "interrupted", "paused"};
    enum saving saving = saving_now(hub);
    if (saving == hub->saving)
        return;
    hub->saving = saving;
    struct log_line line = log_begin(hub->log, LOG_SAVING);
    log_text(&line, "state", bytes_of(texts[saving]));
    log_end(&line);
    for (struct room_host *host = hub->rooms; host != NULL; host = host->hh.next)
        room_host_tell_saving(host);
    if (saving != SAVING_WELL)
        openings_without_disk(hub);
}

static void on_trouble(struct hub *hub, const struct storage_event *event)
{
    struct log_line line = log_begin(hub->log, LOG_DISK);
    log_text(&line, "detail", bytes_of(event->text));
    log_end(&line);
}

void hub_tell_dropped(struct hub *hub)
{
    uint64_t dropped = storage_figures(hub->storage).dropped_bytes;
    if (dropped == hub->dropped_told || hub->now_s < hub->dropped_next_s)
        return;
    struct log_line line = log_begin(hub->log, LOG_RECORDINGS_DROPPED);
    log_number(&line, "bytes", (int64_t)(dropped - hub->dropped_told));
    log_number(&line, "in_all", (int64_t)dropped);
    log_end(&line);
    hub->dropped_told = dropped;
    hub->dropped_next_s = hub->now_s + DROPPED_TOLD_S;
}

void hub_storage_turn(struct hub *hub)
{
    struct storage_event event;
    while (storage_next(hub->storage, &event)) {
        switch (event.kind) {
        case STORAGE_FLUSHED:
            on_flushed(hub, event.number);
            break;
        case STORAGE_LOADED:
            opening_loaded(hub, &event);
            break;
        case STORAGE_MOMENT:
        case STORAGE_MORE:
        case STORAGE_RECORDING:
        case STORAGE_NOTED: {
            struct asker *asker = event.ticket;
            asker->answer(asker, &event);
            break;
        }
        case STORAGE_REMOVED:
        case STORAGE_RELEASED:
        case STORAGE_STRUCK:
            hub_tell_answer(hub, event.kind, (struct bytes){event.name, event.name_length},
                            (struct bytes){event.board, event.board_length}, event.answer,
                            event.text);
            break;
        case STORAGE_TROUBLE:
            on_trouble(hub, &event);
            break;
        case STORAGE_WELL:
            break;
        case STORAGE_LOST:
            hub->disk_lost = true;
            break;
        case STORAGE_FENCED:
            hub->fenced = true;
            break;
        }
    }
    files_turn(hub);
    look_at_disk(hub);
}
