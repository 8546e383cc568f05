#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""A gRPC service without generated code, for trying the example: messages are bytes, and it tells of every call.

    service.py PORT        serves example.Echo on the port until it is ended

    Say       unary            the message again
    Count     server streaming so many messages as the number in the message says
    Add       client streaming the number of messages and of their bytes
    Chat      both             each message again, as it comes
    Fail      unary            the status whose name the message is, with details and trailers
    Sleep     unary            after so many seconds as the message says

Metadata that begins with `x-` comes back in the first metadata, and in the trailers with `-again` behind its name.
"""
import argparse
import threading
import time
from concurrent import futures

import grpc


class Echo(grpc.GenericRpcHandler):
    """`calls` holds a dictionary for each call: method, metadata, messages, and how it ended."""

    def __init__(self):
        self.calls, self.lock = [], threading.Lock()

    def service(self, details):
        package, _, name = details.method.rpartition('/')
        play = getattr(self, f'_{name.lower()}', None) if package == '/example.Echo' else None
        if not play:
            return None
        make = {'Count': grpc.unary_stream_rpc_method_handler, 'Add': grpc.stream_unary_rpc_method_handler,
                'Chat': grpc.stream_stream_rpc_method_handler}.get(name, grpc.unary_unary_rpc_method_handler)
        call = {'method': details.method, 'metadata': dict(details.invocation_metadata), 'messages': [], 'end': None}
        with self.lock:
            self.calls.append(call)
        return make(lambda request, context: play(self.begun(call, context), request, context))

    def begun(self, call, context):
        own = [(name, value) for name, value in call['metadata'].items() if name.startswith('x-')]
        own = [(name, value) for name, value in own if not name.startswith(('x-request-id', 'x-envoy', 'x-forwarded'))]
        if own:
            context.send_initial_metadata(own)
        context.set_trailing_metadata([(f'{name.removesuffix("-bin")}-again' + '-bin' * name.endswith('-bin'), value)
                                       for name, value in own])
        call['left'] = context.time_remaining()

        def ended():
            call['end'] = 'done' if call.get('answered') else 'cancelled'

        if not context.add_callback(ended):
            ended()
        return call

    def _say(self, call, request, context):
        call['messages'].append(request)
        call['answered'] = context.is_active()
        return request

    def _count(self, call, request, context):
        call['messages'].append(request)
        for number in range(int(request)):
            yield str(number).encode()
        call['answered'] = context.is_active()

    def _add(self, call, requests, context):
        for request in requests:
            call['messages'].append(request)
        call['answered'] = context.is_active()
        return f'{len(call["messages"])} {sum(map(len, call["messages"]))}'.encode()

    def _chat(self, call, requests, context):
        for request in requests:
            call['messages'].append(request)
            yield request
        call['answered'] = context.is_active()

    def _fail(self, call, request, context):
        call['messages'].append(request)
        call['answered'] = context.is_active()
        context.abort(grpc.StatusCode[request.decode()], 'as you wish: 100% "ä"')

    def _sleep(self, call, request, context):
        call['messages'].append(request)
        end = time.monotonic() + float(request)
        while context.is_active() and time.monotonic() < end:
            time.sleep(0.01)
        call['answered'] = context.is_active()
        return request


def serve(port=0, echo=None, threads=16):
    """-> the server, the port and the service"""
    echo = echo or Echo()
    server = grpc.server(futures.ThreadPoolExecutor(threads), options=[
        ('grpc.so_reuseport', 0), ('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)])
    server.add_generic_rpc_handlers([echo])
    port = server.add_insecure_port(f'127.0.0.1:{port}' if port == 0 else f'0.0.0.0:{port}')
    server.start()
    return server, port, echo


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('port', type=int)
    server, port, echo = serve(parser.parse_args().port)
    print(f'example.Echo on port {port}', flush=True)
    shown = 0
    while True:
        for call in echo.calls[shown:]:
            print(call['method'], call['metadata'], flush=True)
            shown += 1
        time.sleep(0.1)


if __name__ == '__main__':
    main()
