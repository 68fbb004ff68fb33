#include "server/policy.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char fixed[] = "default-src 'self'; connect-src 'self' ws: wss:; "
                            "img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
                            "object-src 'none'; base-uri 'none'; frame-ancestors 'self'; "
                            "script-src 'self' 'wasm-unsafe-eval'";

#define DIGEST_BYTES 32

/* Where `word` next stands in the page, without regard to case; the page's end when nowhere. */
static size_t find(struct bytes page, size_t from, const char *word)
{
    size_t length = strlen(word);
    for (; from + length <= page.length; from++) {
        if (strncasecmp((const char *)page.data + from, word, length) == 0)
            return from;
    }
    return page.length;
}

/* The end of a tag: behind its '>', of which those within quotes are none. */
static size_t tag_end(struct bytes page, size_t at)
{
    char quote = 0;
    for (; at < page.length; at++) {
        char byte = (char)page.data[at];
        if (quote != 0)
            quote = byte == quote ? 0 : quote;
        else if (byte == '"' || byte == '\'')
            quote = byte;
        else if (byte == '>')
            return at + 1;
    }
    return page.length;
}

static bool append_hash(char policy[POLICY_MAX], struct bytes script)
{
    uint8_t digest[DIGEST_BYTES];
    unsigned char text[EVP_ENCODE_LENGTH(DIGEST_BYTES)];
    if (EVP_Digest(script.data, script.length, digest, NULL, EVP_sha256(), NULL) != 1)
        return false;
    EVP_EncodeBlock(text, digest, DIGEST_BYTES);
    size_t length = strlen(policy);
    int written =
        snprintf(policy + length, POLICY_MAX - length, " 'sha256-%s'", (const char *)text);
    if ((size_t)written < POLICY_MAX - length)
        return true;
    policy[length] = '\0';
    return false;
}

bool policy_write(char policy[POLICY_MAX], struct bytes page)
{
    snprintf(policy, POLICY_MAX, "%s", fixed);
    for (size_t at = find(page, 0, "<script"); at < page.length;) {
        size_t begin = tag_end(page, at);
        struct bytes tag = {page.data + at, begin - at};
        size_t end = find(page, begin, "</script");
        struct bytes script = {page.data + begin, end - begin};
        bool inside = find(tag, 0, " src=") == tag.length;
        if (inside && script.length > 0 && !append_hash(policy, script))
            return false;
        at = find(page, end, "<script");
    }
    return true;
}
