// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The calls of Linux that an event loop is made of, which no Swift module of the system exports.

#ifndef UNDERSTUDY_SYSTEM_EPOLL_H
#define UNDERSTUDY_SYSTEM_EPOLL_H

#if defined(__linux__)

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/// `accept4`, with a socket that neither blocks nor outlives an `exec`.
int system_accept(int listener, struct sockaddr *address, socklen_t *length);

/// `recv` and `send` without `SIGPIPE`, as the kernel has them: those of the C library may end the thread that waits in
/// them, and prepare for it with two atomic operations each. Here nothing waits and no thread is ended.
///
/// - Returns: The bytes, or the error's number, negative.
long system_receive(int socket, void *bytes, size_t size);
long system_send(int socket, const void *bytes, size_t size);

/// `SO_LINGER` with no time: closing the socket resets the connection.
int system_reset_on_close(int socket);

/// Starts a thread that nobody waits for.
///
/// - Parameter name: As debuggers and `top` show it; at most 15 characters.
/// - Returns: The error's number; zero for none.
int system_start_thread(const char *name, void *(*body)(void *), void *argument);

/// The calling thread; no other has the same while it lives.
static inline uintptr_t system_current_thread(void) { return (uintptr_t)pthread_self(); }

#endif

#endif
