// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors

#if defined(__linux__)

#define _GNU_SOURCE

#include "system_epoll.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int system_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

long system_receive(int socket, void *bytes, size_t size) {
    long count = syscall(SYS_recvfrom, socket, bytes, size, 0, NULL, NULL);
    return count < 0 ? -errno : count;
}

long system_send(int socket, const void *bytes, size_t size) {
    long count = syscall(SYS_sendto, socket, bytes, size, MSG_NOSIGNAL, NULL, 0);
    return count < 0 ? -errno : count;
}

int system_reset_on_close(int socket) {
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    return setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

int system_start_thread(const char *name, void *(*body)(void *), void *argument) {
    pthread_t thread;
    int code = pthread_create(&thread, NULL, body, argument);
    if (code != 0) return code;
    // Failing means that the name is too long, which leaves the process's.
    (void)pthread_setname_np(thread, name);
    return pthread_detach(thread);
}

#endif
