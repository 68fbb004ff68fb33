#include "server/options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum kind {
    KIND_TEXT,
    KIND_SWITCH,
    KIND_NUMBER,
    KIND_BYTES, /* a number of 64 bits */
    KIND_ORIGINS
};

struct option {
    const char *flag;        /* without the two dashes */
    const char *environment; /* variable's name */
    const char *value;       /* what the help calls its value; NULL for a switch */
    const char *initial;     /* as the person would write it; NULL: unset */
    size_t offset;           /* in struct options */
    enum kind kind;
    uint64_t minimum, maximum;
    const char *help;
};

#define AT(field) offsetof(struct options, field)
#define COUNT_MAX 1000000000u

static const struct option table[] = {
    {"listen", "TUTTI_LISTEN", "ADDRESS:PORT", "127.0.0.1:7777", AT(listen_text), KIND_TEXT, 0, 0,
     "where to listen; [::1]:7777 for IPv6, port 0 for any free one"},
    {"data", "TUTTI_DATA", "DIR", "data", AT(data), KIND_TEXT, 0, 0,
     "data folder, made where there is none; one server at a time"},
    {"durability", "TUTTI_DURABILITY", "memory|os|disk", "disk", AT(durability_text), KIND_TEXT, 0,
     0, "what saved means: nothing is kept, it survives this server, it survives loss of power"},
    {"insecure", "TUTTI_INSECURE", NULL, NULL, AT(insecure), KIND_SWITCH, 0, 0,
     "listen on an address that others can reach, without authentication or encryption"},
    {"allow-origin", "TUTTI_ALLOW_ORIGIN", "ORIGIN,...", NULL, AT(allowed_origins), KIND_ORIGINS, 0,
     0, "pages from elsewhere that may connect, as in https://example.com; may be repeated"},
    {"www", "TUTTI_WWW", "DIR", NULL, AT(www), KIND_TEXT, 0, 0,
     "pages served at / (default: the examples)"},
    {"client", "TUTTI_CLIENT", "DIR", NULL, AT(client), KIND_TEXT, 0, 0,
     "files served at /tutti/ (default: the built JavaScript client)"},
    {"kinds", "TUTTI_KINDS", "DIR", NULL, AT(kinds), KIND_TEXT, 0, 0,
     "room kinds of your own: every shared object (*.so) in this folder is loaded; nobody else may "
     "be able to write it"},
    {"log-level", "TUTTI_LOG_LEVEL", "LEVEL", "info", AT(log_level_text), KIND_TEXT, 0, 0,
     "error, warn, info or debug"},
    {"max-connections", "TUTTI_MAX_CONNECTIONS", "N", "20000", AT(limits.connections), KIND_NUMBER,
     1, 1000000, "open connections"},
    {"max-connections-per-address", "TUTTI_MAX_CONNECTIONS_PER_ADDRESS", "N", "64",
     AT(limits.connections_per_address), KIND_NUMBER, 1, 1000000,
     "open connections of one address; loopback is not counted"},
    {"connection-rate-per-address", "TUTTI_CONNECTION_RATE_PER_ADDRESS", "N", "1200",
     AT(limits.address_rates[ADDRESS_CONNECTS].per_minute), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "connections opened per minute by one address"},
    {"connection-burst-per-address", "TUTTI_CONNECTION_BURST_PER_ADDRESS", "N", "64",
     AT(limits.address_rates[ADDRESS_CONNECTS].burst), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "connections opened at once by one address"},
    {"room-rate-per-address", "TUTTI_ROOM_RATE_PER_ADDRESS", "N", "20",
     AT(limits.address_rates[ADDRESS_MAKES_ROOMS].per_minute), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "rooms made new per minute by one address"},
    {"room-burst-per-address", "TUTTI_ROOM_BURST_PER_ADDRESS", "N", "64",
     AT(limits.address_rates[ADDRESS_MAKES_ROOMS].burst), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "rooms made new at once by one address"},
    {"open-rate-per-address", "TUTTI_OPEN_RATE_PER_ADDRESS", "N", "120",
     AT(limits.address_rates[ADDRESS_OPENS_ROOMS].per_minute), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "rooms looked for on the disk per minute for one address"},
    {"open-burst-per-address", "TUTTI_OPEN_BURST_PER_ADDRESS", "N", "128",
     AT(limits.address_rates[ADDRESS_OPENS_ROOMS].burst), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "rooms looked for on the disk at once for one address"},
    {"count-loopback", "TUTTI_COUNT_LOOPBACK", NULL, NULL, AT(limits.count_loopback), KIND_SWITCH,
     0, 0,
     "apply the limits per address to loopback too, as behind a proxy of your own that limits "
     "nothing"},
    {"max-rooms", "TUTTI_MAX_ROOMS", "N", "10000", AT(limits.rooms), KIND_NUMBER, 1, COUNT_MAX,
     "rooms awake at once"},
    {"room-rate", "TUTTI_ROOM_RATE", "N", "100", AT(limits.room_rate.per_second), KIND_NUMBER, 1,
     COUNT_MAX, "rooms made new per second"},
    {"room-burst", "TUTTI_ROOM_BURST", "N", "5000", AT(limits.room_rate.burst), KIND_NUMBER, 1,
     COUNT_MAX, "rooms made new at once"},
    {"max-openings", "TUTTI_MAX_OPENINGS", "N", "10000", AT(limits.openings), KIND_NUMBER, 1,
     COUNT_MAX, "rooms that are looked for on the disk at once"},
    {"max-replays", "TUTTI_MAX_REPLAYS", "N", "64", AT(limits.replays), KIND_NUMBER, 1, COUNT_MAX,
     "replays of recordings at once"},
    {"max-replays-per-address", "TUTTI_MAX_REPLAYS_PER_ADDRESS", "N", "16",
     AT(limits.replays_per_address), KIND_NUMBER, 1, COUNT_MAX,
     "replays at once that one address has opened"},
    {"load-rate", "TUTTI_LOAD_RATE", "N", "500", AT(limits.load_rate.per_second), KIND_NUMBER, 1,
     COUNT_MAX, "rooms looked for on the disk per second"},
    {"load-burst", "TUTTI_LOAD_BURST", "N", "10000", AT(limits.load_rate.burst), KIND_NUMBER, 1,
     COUNT_MAX, "rooms looked for on the disk in one go"},
    {"max-file-bytes", "TUTTI_MAX_FILE_BYTES", "BYTES", "8388608", AT(limits.files.file_bytes),
     KIND_NUMBER, 1, 1u << 30, "length of one image"},
    {"max-room-file-bytes", "TUTTI_MAX_ROOM_FILE_BYTES", "BYTES", "268435456",
     AT(limits.files.room_bytes), KIND_NUMBER, 1, UINT32_MAX, "images of one room together"},
    {"max-files-mib", "TUTTI_MAX_FILES_MIB", "MIB", "8192", AT(limits.files.all_mib), KIND_NUMBER,
     1, 1u << 30, "images of all rooms together, in MiB"},
    {"file-grace", "TUTTI_FILE_GRACE", "SECONDS", "86400", AT(limits.files.grace_s), KIND_NUMBER, 1,
     COUNT_MAX, "how long an image stays that nothing in its room shows any more"},
    {"file-rate-per-address", "TUTTI_FILE_RATE_PER_ADDRESS", "KIB", "61440",
     AT(limits.address_rates[ADDRESS_SENDS_FILES].per_minute), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "KiB of images sent per minute by one address"},
    {"file-burst-per-address", "TUTTI_FILE_BURST_PER_ADDRESS", "KIB", "65536",
     AT(limits.address_rates[ADDRESS_SENDS_FILES].burst), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "KiB of images sent at once by one address"},
    {"file-share-rate-per-address", "TUTTI_FILE_SHARE_RATE_PER_ADDRESS", "KIB", "728",
     AT(limits.address_rates[ADDRESS_FILLS_FILES].per_minute), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "KiB of images per minute that one address gains of its share; the default is 1 GiB a day"},
    {"file-share-per-address", "TUTTI_FILE_SHARE_PER_ADDRESS", "KIB", "1048576",
     AT(limits.address_rates[ADDRESS_FILLS_FILES].burst), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "KiB of images that one address may send before only that rate is left"},
    {"list-rate-per-address", "TUTTI_LIST_RATE_PER_ADDRESS", "N", "120",
     AT(limits.address_rates[ADDRESS_READS_LISTS].per_minute), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "lists asked for per minute by one address"},
    {"list-burst-per-address", "TUTTI_LIST_BURST_PER_ADDRESS", "N", "60",
     AT(limits.address_rates[ADDRESS_READS_LISTS].burst), KIND_NUMBER, 1, ADDRESS_RATE_MAX,
     "lists asked for at once by one address"},
    {"max-members", "TUTTI_MAX_MEMBERS", "N", "5000", AT(limits.room.members), KIND_NUMBER, 1,
     1000000, "members of one room"},
    {"max-records", "TUTTI_MAX_RECORDS", "N", "10000", AT(limits.room.records), KIND_NUMBER, 1,
     10000000, "records of one room"},
    {"max-state-bytes", "TUTTI_MAX_STATE_BYTES", "BYTES", "16777216", AT(limits.room.state_bytes),
     KIND_NUMBER, 65536, COUNT_MAX,
     "memory of one room: records, events, names, members, deletions"},
    {"message-rate", "TUTTI_MESSAGE_RATE", "N", "0", AT(limits.message_rate.per_second),
     KIND_NUMBER, 0, COUNT_MAX,
     "messages per second from one connection; 0 for 3 per tick and 60 more"},
    {"message-burst", "TUTTI_MESSAGE_BURST", "N", "0", AT(limits.message_rate.burst), KIND_NUMBER,
     0, COUNT_MAX, "messages at once from one connection; 0 for twice the rate"},
    {"bytes-rate", "TUTTI_BYTES_RATE", "BYTES", "65536", AT(limits.bytes_rate.per_second),
     KIND_NUMBER, 1, COUNT_MAX, "bytes per second from one connection"},
    {"bytes-burst", "TUTTI_BYTES_BURST", "BYTES", "1048576", AT(limits.bytes_rate.burst),
     KIND_NUMBER, MESSAGE_BYTES_MAX, COUNT_MAX, "bytes at once from one connection"},
    {"grace", "TUTTI_GRACE", "SECONDS", "15", AT(limits.grace_s), KIND_NUMBER, 1, 86400,
     "how long the seat of a broken connection is kept"},
    {"room-linger", "TUTTI_ROOM_LINGER", "SECONDS", "60", AT(limits.linger_s), KIND_NUMBER, 0,
     86400, "how long an empty room stays awake"},
    {"storage-ring", "TUTTI_STORAGE_RING", "BYTES", "67108864", AT(storage_ring), KIND_NUMBER,
     65536, COUNT_MAX, "what may wait in memory for a disk that fails; above it rooms stand still"},
    {"storage-ring-seconds", "TUTTI_STORAGE_RING_SECONDS", "SECONDS", "60", AT(storage_ring_s),
     KIND_NUMBER, 3, 86400, "how long it may wait"},
    {"keep-days", "TUTTI_KEEP_DAYS", "DAYS", "7", AT(keep_days), KIND_NUMBER, 0, 36500,
     "how long recordings stay that nobody pinned; 0 for ever"},
    {"keep-room-bytes", "TUTTI_KEEP_ROOM_BYTES", "BYTES", "1073741824", AT(keep_room_bytes),
     KIND_BYTES, 0, UINT64_C(1) << 50,
     "recording of one room that stays, the newest of it; 0 for all"},
    {"keep-disk", "TUTTI_KEEP_DISK", "PERCENT", "80", AT(keep_disk), KIND_NUMBER, 0, 100,
     "share that recordings of all rooms may take of the disk, of what nothing else uses; 0 for "
     "all"},
    {"record", "TUTTI_RECORD", "KIND,...", "all", AT(record), KIND_TEXT, 0, 0,
     "kinds of rooms whose past is kept, to be watched again: their names, all or none"},
    {"exit-on-disk-failure", "TUTTI_EXIT_ON_DISK_FAILURE", NULL, NULL, AT(exit_on_disk_failure),
     KIND_SWITCH, 0, 0,
     "end with status 1 when the disk fails in a new file too, so that something else can take "
     "over"},
};

#define TABLE_COUNT (sizeof table / sizeof table[0])

static void *field_of(struct options *options, const struct option *option)
{
    return (char *)options + option->offset;
}

static bool read_number(const struct option *option, const char *text, uint64_t *number)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0)
        return false;
    if (value < option->minimum || value > option->maximum)
        return false;
    *number = value;
    return true;
}

/* Adds each of a comma-separated list. An origin is scheme://host[:port], without a path. */
static bool add_origins(struct options *options, const char *text)
{
    while (*text != '\0') {
        size_t length = strcspn(text, ",");
        struct bytes origin = {(const uint8_t *)text, length};
        const char *host = strstr(text, "://");
        if (host == NULL || host + 3 >= text + length ||
            options->allowed_origin_count == ALLOWED_ORIGINS_MAX)
            return false;
        if (memchr(host + 3, '/', (size_t)(text + length - host - 3)) != NULL)
            return false;
        options->allowed_origins[options->allowed_origin_count++] = origin;
        text += length;
        text += *text == ',';
    }
    return true;
}

static bool is_true(const char *text)
{
    return strcmp(text, "1") == 0 || strcmp(text, "true") == 0 || strcmp(text, "yes") == 0;
}

/* Sets one option; `source` is the flag or variable that the person wrote. */
static bool set(struct options *options,
                const struct option *option,
                const char *source,
                const char *text,
                char error[OPTIONS_ERROR_MAX])
{
    uint64_t number;
    switch (option->kind) {
    case KIND_TEXT:
        if (*text == '\0') {
            snprintf(error, OPTIONS_ERROR_MAX, "%s: must not be empty", source);
            return false;
        }
        *(const char **)field_of(options, option) = text;
        return true;
    case KIND_SWITCH:
        *(bool *)field_of(options, option) = is_true(text);
        return true;
    case KIND_NUMBER:
    case KIND_BYTES:
        if (read_number(option, text, &number)) {
            if (option->kind == KIND_BYTES)
                *(uint64_t *)field_of(options, option) = number;
            else
                *(uint32_t *)field_of(options, option) = (uint32_t)number;
            return true;
        }
        snprintf(error, OPTIONS_ERROR_MAX,
                 "%s: \"%.40s\" is not a whole number from %" PRIu64 " to %" PRIu64, source, text,
                 option->minimum, option->maximum);
        return false;
    case KIND_ORIGINS:
        if (add_origins(options, text))
            return true;
        snprintf(error, OPTIONS_ERROR_MAX,
                 "%s: \"%.80s\" is not a list of at most %u origins like https://example.com:8443",
                 source, text, ALLOWED_ORIGINS_MAX);
        return false;
    }
    return false;
}

static const struct option *find_flag(const char *name, size_t length)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (strlen(table[i].flag) == length && strncmp(table[i].flag, name, length) == 0)
            return &table[i];
    }
    return NULL;
}

/* Reads the flag at *index, as --flag VALUE or --flag=VALUE, and moves *index past it. */
static enum options_result read_flag(struct options *options,
                                     int argc,
                                     char *const *argv,
                                     int *index,
                                     char error[OPTIONS_ERROR_MAX])
{
    const char *argument = argv[(*index)++];
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
        return OPTIONS_HELP;
    if (strcmp(argument, "--version") == 0)
        return OPTIONS_VERSION;

    size_t length = strcspn(argument, "=");
    const struct option *option =
        length > 2 && strncmp(argument, "--", 2) == 0 ? find_flag(argument + 2, length - 2) : NULL;
    if (option == NULL) {
        snprintf(error, OPTIONS_ERROR_MAX, "no such option: %.80s (see --help)", argument);
        return OPTIONS_BAD;
    }
    const char *value = argument[length] == '=' ? argument + length + 1 : NULL;
    if (value == NULL && option->kind == KIND_SWITCH)
        value = "true";
    if (value == NULL && *index < argc)
        value = argv[(*index)++];
    if (value == NULL) {
        snprintf(error, OPTIONS_ERROR_MAX, "--%s: needs a value: %s", option->flag, option->value);
        return OPTIONS_BAD;
    }
    char source[64];
    snprintf(source, sizeof source, "--%s", option->flag);
    return set(options, option, source, value, error) ? OPTIONS_RUN : OPTIONS_BAD;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text)
{
    *endpoint = (struct endpoint){0};
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon[1] < '0' || colon[1] > '9' || strlen(colon + 1) > 5)
        return false;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || port > UINT16_MAX)
        return false;
    endpoint->port = (uint16_t)port;

    bool brackets = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    size_t length = (size_t)(colon - text) - (brackets ? 2 : 0);
    if (length == 0 || length >= sizeof endpoint->address)
        return false;
    memcpy(endpoint->address, text + (brackets ? 1 : 0), length);
    if (!brackets && strcmp(endpoint->address, "localhost") == 0)
        strcpy(endpoint->address, "127.0.0.1");

    struct in_addr v4;
    struct in6_addr v6;
    if (!brackets && inet_pton(AF_INET, endpoint->address, &v4) == 1)
        endpoint->loopback = ntohl(v4.s_addr) >> 24 == 127;
    else if (brackets && inet_pton(AF_INET6, endpoint->address, &v6) == 1)
        endpoint->loopback = IN6_IS_ADDR_LOOPBACK(&v6);
    else
        return false;
    return true;
}

static bool durability_named(const char *text, enum durability *durability)
{
    static const char *const names[] = {
        [DURABILITY_MEMORY] = "memory", [DURABILITY_OS] = "os", [DURABILITY_DISK] = "disk"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(text, names[i]) == 0) {
            *durability = (enum durability)i;
            return true;
        }
    }
    return false;
}

/* An image that is longer than what an address may send would be refused for ever. */
static bool may_be_sent(const struct options *options, char error[OPTIONS_ERROR_MAX])
{
    const struct hub_limits *limits = &options->limits;
    uint32_t burst = limits->address_rates[ADDRESS_SENDS_FILES].burst;
    uint32_t share = limits->address_rates[ADDRESS_FILLS_FILES].burst;
    uint32_t kib = limits->files.file_bytes / 1024 + (limits->files.file_bytes % 1024 > 0);
    if (kib <= burst && kib <= share)
        return true;
    snprintf(error, OPTIONS_ERROR_MAX,
             "--max-file-bytes: %" PRIu32 " KiB are more than one address may send at once; raise "
             "--file-%s-per-address to that, which is %" PRIu32 " KiB",
             kib, kib > burst ? "burst" : "share", kib > burst ? burst : share);
    return false;
}

/* What the table cannot say: values with a form of their own, and options that need each other. */
static enum options_result check(struct options *options, char error[OPTIONS_ERROR_MAX])
{
    if (!endpoint_parse(&options->listen, options->listen_text)) {
        snprintf(error, OPTIONS_ERROR_MAX,
                 "--listen: \"%.80s\" is not ADDRESS:PORT with a numeric address, like "
                 "127.0.0.1:7777 or [::1]:7777",
                 options->listen_text);
        return OPTIONS_BAD;
    }
    if (!options->listen.loopback && !options->insecure) {
        snprintf(error, OPTIONS_ERROR_MAX,
                 "--listen: others can reach %.64s, and anyone who can may join every room; "
                 "use 127.0.0.1, or say --insecure if that is what you want",
                 options->listen.address);
        return OPTIONS_BAD;
    }
    if (!log_level_named(options->log_level_text, &options->log_level)) {
        snprintf(error, OPTIONS_ERROR_MAX,
                 "--log-level: \"%.40s\" is not error, warn, info or debug",
                 options->log_level_text);
        return OPTIONS_BAD;
    }
    if (!durability_named(options->durability_text, &options->durability)) {
        snprintf(error, OPTIONS_ERROR_MAX, "--durability: \"%.40s\" is not memory, os or disk",
                 options->durability_text);
        return OPTIONS_BAD;
    }
    if (!may_be_sent(options, error))
        return OPTIONS_BAD;
    return OPTIONS_RUN;
}

enum options_result options_read(struct options *options,
                                 int argc,
                                 char *const *argv,
                                 options_getenv *environment,
                                 char error[OPTIONS_ERROR_MAX])
{
    *options = (struct options){0};
    error[0] = '\0';
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const char *said = environment(table[i].environment);
        const char *text = said != NULL && *said != '\0' ? said : table[i].initial;
        if (text != NULL && !set(options, &table[i], table[i].environment, text, error))
            return OPTIONS_BAD;
    }
    for (int index = 1; index < argc;) {
        enum options_result result = read_flag(options, argc, argv, &index, error);
        if (result != OPTIONS_RUN)
            return result;
    }
    return check(options, error);
}

void options_print_help(FILE *out)
{
    fprintf(out, "tutti-server keeps rooms of people in sync.\n\n"
                 "usage: tutti-server [--option VALUE]...\n\n");
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct option *option = &table[i];
        fprintf(out, "  --%s%s%s\n", option->flag, option->value != NULL ? " " : "",
                option->value != NULL ? option->value : "");
        fprintf(out, "        %s", option->help);
        if (option->initial != NULL)
            fprintf(out, " (default: %s)", option->initial);
        fprintf(out, "; also %s\n", option->environment);
    }
    fprintf(out, "  --help\n        print this\n"
                 "  --version\n        print the version\n");
}
