// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The example's steps 2 to 6, played against the running sandbox.

internal import NIOCore
internal import NIOPosix
internal import UnderstudyHTTP

struct SandboxCheck: Sendable {
    let port: Int
    let records: SandboxRecords

    /// How long a service may take to see a request.
    private static let bound = Duration.seconds(5)

    private struct Step {
        let number: Int
        let what: String
        let isRight: Bool
        let seen: String

        var line: String { "step \(number)  \(isRight ? "ok    " : "FAILED")  \(what): \(seen)\n" }
    }

    /// Plays the steps and prints a line for each.
    ///
    /// - Returns: Whether all are right.
    func run() async -> Bool {
        var isRight = true
        for step in [step2, step3, step4, step5, step6Missing, step6Unknown] {
            let result = await step()
            StandardStream.output.write(result.line)
            isRight = isRight && result.isRight
        }
        return isRight
    }

    private func step2() async -> Step {
        let (isRight, seen) = await get("/service/1", greets: 1)
        return Step(number: 2, what: "GET /service/1 is answered by service1", isRight: isRight, seen: seen)
    }

    private func step3() async -> Step {
        await bothSaw(number: 3, "/service/1", primary: "service1", mirror: "service1-mirror")
    }

    private func step4() async -> Step {
        let (isRight, seen) = await get("/service/2", mirror: "service2-mirror", greets: 2)
        return Step(
            number: 4,
            what: "GET /service/2 with x-mirror-cluster is answered by service2",
            isRight: isRight,
            seen: seen
        )
    }

    private func step5() async -> Step {
        await bothSaw(number: 5, "/service/2", primary: "service2", mirror: "service2-mirror")
    }

    private func step6Missing() async -> Step {
        await notMirrored("/service/2?no-header", mirror: nil, what: "without the header, no copy")
    }

    private func step6Unknown() async -> Step {
        await notMirrored(
            "/service/2?unknown",
            mirror: "service2-mirror-non-existent",
            what: "with an unknown cluster, no copy"
        )
    }

    // MARK: Parts of steps

    private func bothSaw(number: Int, _ target: String, primary: String, mirror: String) async -> Step {
        let wanted = [
            record(primary, "localhost:\(port)", target), record(mirror, "localhost-shadow:\(port)", target),
        ]
        var seen: [String] = []
        var isRight = true
        for record in wanted {
            let has = await records.contains(record, within: Self.bound)
            isRight = isRight && has
            seen.append(
                has
                    ? "\(record.service) saw Host: \(record.host)"
                    : "\(record.service) did not see Host: \(record.host)"
            )
        }
        return Step(
            number: number,
            what: "\(primary) and \(mirror) got it",
            isRight: isRight,
            seen: seen.joined(separator: ", ")
        )
    }

    /// A request that must have no copy, followed by one that must: a copy of the first would have come before it.
    private func notMirrored(_ target: String, mirror: String?, what: String) async -> Step {
        let (isAnswered, answer) = await get(target, mirror: mirror, greets: 2)
        let marker = "\(target)&marker"
        _ = await get(marker, mirror: "service2-mirror", greets: 2)
        let markerCame = await records.contains(
            record("service2-mirror", "localhost-shadow:\(port)", marker),
            within: Self.bound
        )
        let copies = await records.all(of: "service2-mirror").filter { $0.target == target }.count
        return Step(
            number: 6,
            what: what,
            isRight: isAnswered && markerCame && copies == 0,
            seen: "\(answer), copies at service2-mirror: \(copies)"
        )
    }

    private func record(_ service: String, _ host: String, _ target: String) -> SandboxRecord {
        SandboxRecord(service: service, host: host, method: "GET", target: target)
    }

    private func get(_ target: String, mirror: String? = nil, greets number: Int) async -> (Bool, String) {
        var request = "GET \(target) HTTP/1.1\r\nhost: localhost:\(port)\r\nuser-agent: understudy-check\r\n"
        if let mirror { request += "x-mirror-cluster: \(mirror)\r\n" }
        request += "\r\n"
        do {
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
            let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
            let answer = try await PlainClient.send(request, to: address, eventLoop: eventLoop)
            let greeting = "Hello from behind Envoy (service \(number))!\n"
            return (answer.status == 200 && answer.body == greeting, "\(answer.status) \(answer.body.dropLast())")
        } catch {
            return (false, "no answer")
        }
    }
}
