// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Waiting for nothing but the end.

public enum Cancellation {
    /// Returns when the task is cancelled.
    public static func wait() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }
}
