#include "tests/ordering.h"

#include <check.h>
#include <string.h>

struct order *ordered;
struct http_denial order_denial;

void order_forget(void)
{
    order_end(ordered);
    ordered = NULL;
}

int order_of(struct peer *page, enum http_method method, const char *path, const char *body)
{
    struct http_request request = {.method = method, .path = bytes_of(path)};
    order_forget();
    order_denial = (struct http_denial){0};
    ck_assert_msg(recordings_asked(request.path), "nobody answers at %s", path);
    ordered = order_begin(world.hub, page->session, &request, strlen(body), &order_denial);
    if (ordered == NULL)
        return order_denial.status;
    for (size_t i = 0; i < strlen(body); i++)
        order_take(ordered, (struct bytes){(const uint8_t *)body + i, 1});
    order_carry_out(ordered);
    world_pass(500);
    enum order_step step = order_turn(ordered);
    ck_assert_int_ne(step, ORDER_WAITS);
    return step == ORDER_DONE ? ordered->status : ordered->denial.status;
}
