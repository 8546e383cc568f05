// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Random clients: any requests, cut anywhere, answered at any time, and still each gets its own answer in order.

import TestSupport
import Testing
import UnderstudyHTTP

struct ServerWalkTests {
    /// One request on the wire, and what a handler must hear of it.
    private struct Request {
        var wire: [UInt8]
        var events: [String]
        var isHead: Bool

        init(_ number: Int, _ dice: inout SeededGenerator) {
            let body = (0..<dice.number(below: 30)).map { _ in dice.pick(["a", "\r\n", "0", "GET / ", ";"]) }.joined()
            let target = "/\(number)"
            let lines = "HTTP/1.1\r\nHost: h\r\n" + dice.pick(["", "X-A: 1\r\n", "Connection: keep-alive\r\n"])
            isHead = dice.chance(percent: 20)
            switch dice.number(below: 3) {
            case 0:
                let method = isHead ? "HEAD" : "GET"
                wire = Array("\(method) \(target) \(lines)\r\n".utf8)
                events = ["\(method) \(target)"]
            case 1 where !body.isEmpty:
                isHead = false
                wire = Array("POST \(target) \(lines)Content-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
                events = ["POST \(target)", "body \(body)", "end"]
            default:
                isHead = false
                wire = Array("PUT \(target) \(lines)Transfer-Encoding: chunked\r\n\r\n".utf8)
                events = ["PUT \(target)"] + (body.isEmpty ? [] : ["body \(body)"]) + ["end"]
                var rest = Array(body.utf8)[...]
                while !rest.isEmpty {
                    let data = rest.prefix(1 + dice.number(below: 20))
                    wire +=
                        Array("\(String(data.count, radix: 16))\(dice.pick(["", ";x"]))\r\n".utf8) + data + [13, 10]
                    rest = rest.dropFirst(data.count)
                }
                wire += Array(dice.pick(["0\r\n\r\n", "0\r\nT: 1\r\n\r\n"]).utf8)
            }
            if dice.chance(percent: 20) { wire = [13, 10] + wire }
        }
    }

    private func answer(_ rig: ServerRig, _ answered: inout Int) -> Bool {
        guard answered < rig.service.handlerCount else { return false }
        let handler = rig.service.handler(answered)
        guard handler.hasWholeRequest else { return false }
        answered += 1
        handler.answer(200, "\(answered)")
        return true
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `every request gets its own answer, in order`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        for walk in 0..<40 {
            let requests = (0..<1 + dice.number(below: 6)).map { Request($0, &dice) }
            let rig = ServerRig()
            var answered = 0
            var rest = requests.flatMap(\.wire)[...]
            while !rest.isEmpty {
                let piece = rest.prefix(1 + dice.number(below: dice.pick([3, 40, 400])))
                rest = rest.dropFirst(piece.count)
                rig.receive(Array(piece))
                rig.transport.isWritable = dice.chance(percent: 70)
                rig.connection.transportWritabilityChanged()
                while dice.chance(percent: 50), answer(rig, &answered) {}
                #expect(rig.service.handlerCount <= answered + 1, "seed \(seed), walk \(walk): one at a time")
            }
            while answer(rig, &answered) {}
            rig.transport.isWritable = true
            rig.connection.transportWritabilityChanged()
            // What waited for the client to take its answers begins only now.
            while answer(rig, &answered) {}
            let expected = requests.enumerated().map { number, request in
                let answer = String.answer("\(number + 1)")
                return request.isHead ? String(answer.dropLast("\(number + 1)".count)) : answer
            }
            #expect(rig.events == requests.flatMap(\.events), "seed \(seed), walk \(walk)")
            #expect(rig.sent == expected.joined(), "seed \(seed), walk \(walk)")
            #expect(!rig.isEnding, "seed \(seed), walk \(walk)")
        }
    }
}
