// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The endpoint with the fewest requests in flight, or nearly so.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum LeastRequest {
    /// The best of some that are drawn, maybe the same more than once; of equal ones the first.
    ///
    /// - Parameter pool: Not empty.
    static func pick(in pool: HostPool, choices: UInt32, random: () -> UInt64, load: (Int) -> Int) -> Int {
        let count = UInt64(pool.hosts.count)
        var best = pool.hosts[Int(random() % count)]
        guard choices > 1 else { return best }
        var least = load(best)
        for _ in 1..<choices {
            let host = pool.hosts[Int(random() % count)]
            let requests = load(host)
            if requests < least { (best, least) = (host, requests) }
        }
        return best
    }

    /// What an endpoint's weight is worth with requests in flight.
    ///
    /// - Parameters:
    ///   - requests: With the one that is to come.
    ///   - bias: Power of the requests; zero does not count them.
    static func weight(_ weight: UInt32, requests: Double, bias: Double) -> Double {
        let weight = Double(weight)
        if bias == 1 { return weight / requests }
        return bias == 0 ? weight : weight / pow(requests, bias)
    }
}
