/* check_http.c - pages come as they are on disk, and nothing comes that should not. */
#include "server/http.h"
#include "server/policy.h"
#include "server/site.h"
#include "tests/run_suite.h"

#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char place[64];
static struct log logger;
static struct site *site;
static struct http_response response;

static void discard(void *context, const char *line, size_t length)
{
    (void)context;
    (void)line;
    (void)length;
}

static const char *const files[][2] = {
    {"index.html", "<h1>hello</h1>"},
    {"app.mjs", "export {}"},
    {"module.wasm", "\\0asm"},
    {"data.map", "{}"},
    {".secret", "hidden"},
    {"odd", "?"},
    {"cursors/index.html", "<script type=module>go()</script><script src=a.js></script>"},
    {"cursors/style.css", "b{}"},
    {"empty/none.txt", ""},
    {".git/config", "hidden"},
};

#define FILES (sizeof files / sizeof files[0])

static void setup(void)
{
    char path[160];
    strcpy(place, "/tmp/tutti-check-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(place));
    const char *const folders[] = {"cursors", "empty", ".git"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", place, folders[i]);
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", place, files[i][0]);
        FILE *file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        fputs(files[i][1], file);
        fclose(file);
    }
    snprintf(path, sizeof path, "%s/link.txt", place);
    ck_assert_int_eq(symlink("/etc/passwd", path), 0);
    snprintf(path, sizeof path, "%s/pipe", place);
    ck_assert_int_eq(mkfifo(path, 0600), 0);

    log_init(&logger, LOG_LEVEL_DEBUG, discard, NULL);
    site = site_create(&logger);
    ck_assert_ptr_nonnull(site);
    site_mount(site, "/", place, "no pages");
    site_mount(site, "/tutti/", "/no/such/folder", "build the client");
}

static void teardown(void)
{
    char path[160];
    http_release(&response);
    site_destroy(site);
    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "%s/%s", place, files[i][0]);
        unlink(path);
    }
    const char *const rest[] = {"link.txt", "pipe"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", place, rest[i]);
        unlink(path);
    }
    const char *const folders[] = {"cursors", "empty", ".git", ""};
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", place, folders[i]);
        rmdir(path);
    }
}

static int ask(enum http_method method, const char *path, const char *if_none_match)
{
    struct http_request request = {
        .method = method, .path = bytes_of(path), .if_none_match = bytes_of(if_none_match)};
    http_release(&response);
    site_answer(site, &request, &response);
    return response.status;
}

static bool head_has(const char *text)
{
    return memmem(response.head, response.head_length, text, strlen(text)) != NULL;
}

static const struct {
    const char *path;
    int status;
    const char *type;
} pages[] = {
    {"/", 200, "text/html; charset=utf-8"},
    {"/index.html", 200, "text/html; charset=utf-8"},
    {"/app.mjs", 200, "text/javascript; charset=utf-8"},
    {"/module.wasm", 200, "application/wasm"},
    {"/data.map", 200, "application/json"},
    {"/odd", 200, "application/octet-stream"},
    {"/cursors/", 200, "text/html; charset=utf-8"},
    {"/cursors", 301, "text/plain; charset=utf-8"},
    {"/cursors/style.css", 200, "text/css; charset=utf-8"},
    {"/empty/none.txt", 200, "text/plain; charset=utf-8"},
    {"/empty/", 404, "text/plain; charset=utf-8"},
    {"/empty", 404, "text/plain; charset=utf-8"},
    {"/nothing", 404, "text/plain; charset=utf-8"},
    {"/.secret", 404, "text/plain; charset=utf-8"},
    {"/.git/config", 404, "text/plain; charset=utf-8"},
    {"/link.txt", 404, "text/plain; charset=utf-8"},
    {"/pipe", 404, "text/plain; charset=utf-8"},
    {"/../index.html", 404, "text/plain; charset=utf-8"},
    {"/cursors/../index.html", 404, "text/plain; charset=utf-8"},
    {"/cursors//", 404, "text/plain; charset=utf-8"},
    {"//", 404, "text/plain; charset=utf-8"},
    {"", 404, "text/plain; charset=utf-8"},
    {"index.html", 404, "text/plain; charset=utf-8"},
};

START_TEST(each_path_has_its_answer)
{
    char type[96];
    snprintf(type, sizeof type, "content-type: %s\r\n", pages[_i].type);
    int status = ask(HTTP_GET, pages[_i].path, "");
    ck_assert_msg(status == pages[_i].status, "%s got %d", pages[_i].path, status);
    ck_assert(head_has(type));
    ck_assert(head_has("x-content-type-options: nosniff\r\n"));
    if (status == 301)
        ck_assert(head_has("location: /cursors/\r\n"));
}
END_TEST

START_TEST(the_body_is_the_file)
{
    ck_assert_int_eq(ask(HTTP_GET, "/", ""), 200);
    ck_assert(bytes_equal(response.body, bytes_of("<h1>hello</h1>")));
    ck_assert(head_has("content-length: 14\r\n"));
    ck_assert_int_eq(ask(HTTP_GET, "/empty/none.txt", ""), 200);
    ck_assert(head_has("content-length: 0\r\n"));
}
END_TEST

START_TEST(head_is_get_without_its_body)
{
    ck_assert_int_eq(ask(HTTP_HEAD, "/", ""), 200);
    ck_assert_uint_eq(response.body.length, 0);
    ck_assert(head_has("content-length: 14\r\n"));
}
END_TEST

START_TEST(other_methods_are_refused)
{
    ck_assert_int_eq(ask(HTTP_OTHER, "/", ""), 405);
    ck_assert(head_has("allow: GET, HEAD\r\n"));
}
END_TEST

START_TEST(what_the_browser_has_is_not_sent_again)
{
    ck_assert_int_eq(ask(HTTP_GET, "/", ""), 200);
    const char *at = memmem(response.head, response.head_length, "etag: ", 6);
    ck_assert_ptr_nonnull(at);
    char tag[19], list[64];
    memcpy(tag, at + 6, 18);
    tag[18] = '\0';
    ck_assert_int_eq(ask(HTTP_GET, "/", tag), 304);
    ck_assert_uint_eq(response.body.length, 0);
    ck_assert(!head_has("content-length"));
    ck_assert(head_has(tag));
    snprintf(list, sizeof list, "\"other\", W/%s", tag);
    ck_assert_int_eq(ask(HTTP_GET, "/", list), 304);
    ck_assert_int_eq(ask(HTTP_GET, "/", "*"), 304);
    ck_assert_int_eq(ask(HTTP_GET, "/", "\"other\""), 200);
    ck_assert_int_eq(ask(HTTP_GET, "/app.mjs", tag), 200);
}
END_TEST

START_TEST(a_nul_byte_hides_nothing)
{
    struct http_request request = {.method = HTTP_GET,
                                   .path = {(const uint8_t *)"/index.html\0.png", 16}};
    site_answer(site, &request, &response);
    ck_assert_int_eq(response.status, 404);
}
END_TEST

START_TEST(a_path_of_any_length_is_survived)
{
    static char path[4096];
    memset(path, 'a', sizeof path - 1);
    for (size_t length = sizeof path - 1; length > 0; length = length * 2 / 3) {
        path[length] = '\0';
        path[0] = '/';
        ck_assert_int_eq(ask(HTTP_GET, path, ""), length == 1 ? 200 : 404);
        path[length - 1] = '/';
        ck_assert_int_eq(ask(HTTP_GET, path, ""), length == 1 ? 200 : 404);
    }
}
END_TEST

START_TEST(a_missing_folder_says_what_to_do)
{
    ck_assert_int_eq(ask(HTTP_GET, "/tutti/tutti.js", ""), 404);
    ck_assert(head_has("content-type: text/html"));
    ck_assert_ptr_nonnull(memmem(response.body.data, response.body.length, "build the client", 16));
}
END_TEST

static void expect_hash(const char *policy, const char *script)
{
    uint8_t digest[32];
    unsigned char text[64];
    ck_assert_int_eq(EVP_Digest(script, strlen(script), digest, NULL, EVP_sha256(), NULL), 1);
    EVP_EncodeBlock(text, digest, sizeof digest);
    char wanted[96];
    snprintf(wanted, sizeof wanted, " 'sha256-%s'", (const char *)text);
    ck_assert_msg(strstr(policy, wanted) != NULL, "no hash of %s in %s", script, policy);
}

START_TEST(scripts_in_the_page_run_and_no_others)
{
    static const char page[] = "<p><script>one()</script><SCRIPT type=\"a>b\">\ntwo()</SCRIPT >"
                               "<script src='x.js'>not()</script><script></script>";
    char policy[POLICY_MAX];
    ck_assert(policy_write(policy, bytes_of(page)));
    expect_hash(policy, "one()");
    expect_hash(policy, "\ntwo()");
    int hashes = 0;
    for (const char *at = policy; (at = strstr(at, "sha256-")) != NULL; at++)
        hashes++;
    ck_assert_int_eq(hashes, 2);
    ck_assert_ptr_null(strstr(strstr(policy, "script-src"), "'unsafe-inline'"));
}
END_TEST

START_TEST(pages_carry_their_policy)
{
    ck_assert_int_eq(ask(HTTP_GET, "/cursors/", ""), 200);
    ck_assert(head_has("content-security-policy: default-src 'self';"));
    ck_assert(head_has("sha256-"));
    ck_assert_int_eq(ask(HTTP_GET, "/app.mjs", ""), 200);
    ck_assert(!head_has("sha256-"));
}
END_TEST

START_TEST(a_page_of_broken_tags_ends)
{
    static const char *const broken[] = {"<script",   "<script>",         "<script '",
                                         "<script>x", "<script>x</scrip", "</script><script"};
    char policy[POLICY_MAX];
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        ck_assert(policy_write(policy, bytes_of(broken[i])));
}
END_TEST

START_TEST(too_many_scripts_are_told_of)
{
    static char page[64 * 40];
    for (int i = 0; i < 64; i++)
        sprintf(page + strlen(page), "<script>run(%d)</script>", i);
    char policy[POLICY_MAX];
    ck_assert(!policy_write(policy, bytes_of(page)));
    ck_assert_int_eq(policy[strlen(policy) - 1], '\'');
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("http");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, each_path_has_its_answer, 0, sizeof pages / sizeof pages[0]);
    tcase_add_test(tcase, the_body_is_the_file);
    tcase_add_test(tcase, head_is_get_without_its_body);
    tcase_add_test(tcase, other_methods_are_refused);
    tcase_add_test(tcase, what_the_browser_has_is_not_sent_again);
    tcase_add_test(tcase, a_nul_byte_hides_nothing);
    tcase_add_test(tcase, a_path_of_any_length_is_survived);
    tcase_add_test(tcase, a_missing_folder_says_what_to_do);
    tcase_add_test(tcase, scripts_in_the_page_run_and_no_others);
    tcase_add_test(tcase, pages_carry_their_policy);
    tcase_add_test(tcase, a_page_of_broken_tags_ends);
    tcase_add_test(tcase, too_many_scripts_are_told_of);
    Suite *suite = suite_create("http");
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
