// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which certificates are in use, and until when.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// - Source: bytes measured on Envoy 1.40.
enum CertificateList {
    /// - Parameter now: Seconds since 1970.
    static func json(_ certificates: [CertificateStatus], now: Int64) -> String {
        let all = certificates.map { certificate in
            let authority = certificate.authority.map { json($0, now) } ?? ""
            let own = certificate.own.map { json($0, now) } ?? ""
            return "{\"ca_cert\":[\(authority)],\"cert_chain\":[\(own)]}"
        }
        return IndentedJSON.laidOut("{\"certificates\":[" + all.joined(separator: ",") + "]}")
    }

    private static func json(_ entry: CertificateStatus.Entry, _ now: Int64) -> String {
        let facts = entry.facts
        let names =
            named("dns", facts.dnsNames) + named("uri", facts.uriNames) + named("ip_address", facts.ipNames)
        return "{\"path\":\(IndentedJSON.quoted(entry.path)),"
            + "\"serial_number\":\(text(facts.serial)),"
            + "\"subject_alt_names\":[\(names.joined(separator: ","))],"
            + "\"days_until_expiration\":\"\(facts.daysLeft(now: now))\","
            + "\"valid_from\":\"\(AdminTime.text(facts.validFrom))\","
            + "\"expiration_time\":\"\(AdminTime.text(facts.validUntil))\"}"
    }

    private static func named(_ kind: String, _ names: [[UInt8]]) -> [String] {
        names.map { "{\"\(kind)\":\(text($0))}" }
    }

    private static func text(_ bytes: [UInt8]) -> String { IndentedJSON.quoted(String(decoding: bytes, as: UTF8.self)) }
}
