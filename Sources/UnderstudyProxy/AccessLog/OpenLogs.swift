// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The access logs of one place in the configuration, ready to be written to.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// Lines and their files.
struct OpenLogs: Sendable {
    struct Entry: Sendable {
        let line: AccessLogLine
        let file: AccessLogFile
    }

    let entries: [Entry]
    /// What all of them together have to know.
    let needs: FactNeeds

    init(_ logs: [AccessLog], _ registry: AccessLogRegistry) throws(AccessLogFault) {
        var entries: [Entry] = []
        for log in logs {
            entries.append(Entry(line: AccessLogLine(log), file: try registry.open(log.sink)))
        }
        self.entries = entries
        needs = entries.reduce(into: []) { $0.formUnion($1.line.needs) }
    }

    var isEmpty: Bool { entries.isEmpty }

    /// Writes the lines of those logs whose filter lets the request through.
    ///
    /// - Parameters:
    ///   - response: As it went to the client; `nil` if none did.
    ///   - isOfCopies: The line is of a copy, not of the request.
    func write(
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        ofCopies isOfCopies: Bool = false,
        worker: Worker
    ) {
        write(
            request: request,
            response: response,
            facts: facts,
            ofCopies: isOfCopies,
            to: worker.logs,
            random: worker.loop.nextRandom(),
            runtime: worker.runtime
        )
    }

    /// - Parameter buffers: Those of the loop that this is called on.
    func write(
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        ofCopies isOfCopies: Bool = false,
        to buffers: AccessLogBuffers,
        random: UInt64,
        runtime: RuntimeSnapshot
    ) {
        for entry in entries {
            let isWanted = entry.line.isWanted(
                request: request,
                response: response,
                facts: facts,
                random: random,
                runtime: runtime
            )
            guard isWanted else { continue }
            // A copy shares the memory; a closure cannot take what is borrowed.
            let (request, response, facts) = (copy request, copy response, copy facts)
            buffers.buffer(for: entry.file, ofCopies: isOfCopies).append {
                entry.line.append(to: &$0, request: request, response: response, facts: facts)
            }
        }
    }
}
