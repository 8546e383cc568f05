// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Rings and tables must send every request to the endpoint that Envoy 1.40 sent it to.

import Testing
import UnderstudyCore

struct HashPlacementTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let settings: LoadBalancing
        let hosts: [BalancedHost]
        /// The endpoint that got the request with the header value `key-0`, `key-1` and so on, one digit each.
        let endpoints: String
        /// Size of the ring, and places of the endpoints with the fewest and with the most.
        let places: [Int]

        init(
            _ name: String,
            _ settings: LoadBalancing,
            _ hosts: [BalancedHost],
            _ places: (Int, Int, Int),
            _ endpoints: String
        ) {
            self.name = name
            self.settings = settings
            self.hosts = hosts
            self.endpoints = endpoints
            self.places = [places.0, places.1, places.2]
        }

        var testDescription: String { name }
    }

    @Test(arguments: rings + tables) func `each key goes where it went with Envoy`(measured: Case) {
        let plan = BalancingPlan(measured.settings, hosts: measured.hosts)
        var balancer = Balancer(plan, seed: 0)
        let picks = (0..<measured.endpoints.count).map { index in
            let hash = XXHash64.hash(Array("key-\(index)".utf8))
            return balancer.pick(hash: hash, random: { 0 }, load: { _ in 0 }).host ?? -1
        }
        #expect(picks.map { "\($0)" }.joined() == measured.endpoints)
        #expect(plan.places.map { [$0.size, $0.fewest, $0.most] } == measured.places)
    }

    /// With `previous_hosts` and 4 further picks, two retries.
    @Test(
        arguments: [
            (
                LoadBalancing.ring(),
                "023 310 210 322 210 103 311 213 023 023 021 123 032 302 301 321 032 211 103 323 213 120 230 132 120"
            ),
            (
                LoadBalancing.maglev,
                "302 031 213 013 230 210 103 102 103 102 021 132 103 013 203 013 310 231 323 203 201 010 200 213 302"
            ),
        ]
    )
    func `retries that shun the endpoints before go where they went with Envoy`(settings: LoadBalancing, tries: String)
    {
        let hosts = (0..<4).map { BalancedHost(address: Array("127.0.0.\(1 + $0 % 3):\(23_001 + $0)".utf8)) }
        var balancer = Balancer(BalancingPlan(settings, hosts: hosts), seed: 0)
        let picks = (0..<25).map { index in
            let hash = XXHash64.hash(Array("key-\(index)".utf8))
            var tried: [Int] = []
            for _ in 0..<3 {
                let pick = balancer.pick(
                    hash: hash,
                    random: { 0 },
                    load: { _ in 0 },
                    picks: 5,
                    isRefused: tried.contains
                )
                tried.append(pick.host ?? -1)
            }
            return tried.map { "\($0)" }.joined()
        }
        #expect(picks.joined(separator: " ") == tries)
    }

    private static let ten = BalancedHost.measured(weights: BalancedHost.tenWeights)
    private static let equal = BalancedHost.measured(weights: Array(repeating: 1, count: 10))

    private static let rings = [
        Case(
            "three on a ring",
            .ring(),
            Array(equal.prefix(3)),
            (1026, 342, 342),
            """
            1010212012002212012221111021002111001010202000021221112000111021120212101222100122222102100202102120\
            1021212100211002212000121202212121012112101212002202012120011101111111221001011002112120122120010122
            """
        ),
        Case(
            "ten weights on a ring",
            .ring(),
            ten,
            (1040, 20, 400),
            """
            3836237098888887259789897888948311888898479888894888138773988887984281449132848984748888888809592497\
            8848437735817874198888832483619478888867198917493888487826889878948788187541841549489144142392388838
            """
        ),
        Case(
            "a ring cut to its largest size",
            .ring { ($0.minimumSize, $0.maximumSize) = (64, 100) },
            ten,
            (100, 2, 38),
            """
            6993214838982888883083893819998087288978998887898911988478888884827287382928748888793843482848879498\
            8547494448584793906821827885313448844094692874133988984889999244496878398899387838988788358981288838
            """
        ),
        Case(
            "a ring too small for all",
            .ring { ($0.minimumSize, $0.maximumSize) = (1, 7) },
            equal,
            (7, 0, 1),
            """
            9845550492047240045259889840477029782500475920274940547214072222475280795477502409589829905902408079\
            0285290210229179429291775092555704292000995091150922749870088720799049780985199919245900725744999957
            """
        ),
        Case(
            "five on a ring of MurmurHash2",
            .ring { $0.function = .murmurHash2 },
            Array(equal.prefix(5)),
            (1025, 205, 205),
            """
            2001143142444223223400321031114113303343124021201432331011243123030301113231102433302043402200301000\
            4311020301211130211031031411101030233120144402101423122131401430021022442202100021020022200043301414
            """
        ),
        Case(
            "ten weights on a ring of MurmurHash2",
            .ring { ($0.function, $0.minimumSize) = (.murmurHash2, 300) },
            ten,
            (312, 6, 120),
            """
            2388792943498194481840894998980498938748894418198848785388508823488338088985621444831334844843393299\
            7316882984894494988794888798899848383842284888803814854894433932828881984498808789859887981883887480
            """
        ),
        Case(
            "a ring of names",
            .ring().with { $0.hashesHostnames = true },
            Array(equal.prefix(5)),
            (1025, 205, 205),
            """
            2434241144310333323112131011413122123104331034330211140144042424121330033010013320131343320013200130\
            4400301220242113313411342412440211421231433422134231120320301103333002344433042001203241124423340020
            """
        ),
        Case(
            "a ring of localities",
            .ring().with { $0.localities = .weighted },
            BalancedHost.fourZones,
            (1026, 171, 342),
            """
            1014212040142214012111111021242141401114414440444221142400111111140212141402414114444142110404142140\
            4044414100211144211014401440410444014114101414444242442140111421411441021041011042144140122110010122
            """
        ),
        Case(
            "a ring for each priority",
            .ring(),
            BalancedHost.threePriorities,
            (1024, 1024, 1024),
            """
            0434000403003300430033000003040304404434430300040300004400333030040433004034403330044330003334303044\
            0344434333303004344300003000443000430434030004443030034003300040440000003300443004400004340330040433
            """
        ),
        Case(
            "a ring has no degraded endpoints",
            .ring(),
            [.measured(0), .measured(1, .degraded), .measured(2, .unhealthy), .measured(3, .unhealthy)],
            (1024, 1024, 1024),
            """
            0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000\
            0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
            """
        ),
        Case(
            "a ring in panic",
            .ring(),
            [.measured(0), .measured(1, .unhealthy), .measured(2, .unhealthy)],
            (1026, 342, 342),
            """
            1010212012002212012221111021002111001010202000021221112000111021120212101222100122222102100202102120\
            1021212100211002212000121202212121012112101212002202012120011101111111221001011002112120122120010122
            """
        ),
    ]

    private static let tables = [
        Case(
            "three in a table",
            .maglev,
            Array(equal.prefix(3)),
            (0, 21_845, 21_846),
            """
            2012001220000000102111122202102002212210000112110202220212021200200101212202011210112010020211112122\
            2001220211001201221020002010211012220222220020002100020011000021221122112020220002012100022000210220
            """
        ),
        Case(
            "ten weights in a table",
            .maglev,
            ten,
            (0, 1261, 25_204),
            """
            3494838798888838184887382282878888488243777188988843244882821288909889352438893293478878828818818882\
            2998220818884948481989399988294883228987297884848387424987633229924922482934988388897767844938887220
            """
        ),
        Case(
            "ten weights in a small table",
            LoadBalancing(.maglev(tableSize: 101)),
            ten,
            (0, 2, 37),
            """
            8379248343438713484489984744978928856984387988984842928388872478184446818849487346881888282948489847\
            8819924874489131888684388826383852348953481248988988449844914908734879818842888343223836887389788854
            """
        ),
        Case(
            "a table of names",
            .maglev.with { $0.hashesHostnames = true },
            Array(equal.prefix(5)),
            (0, 13_107, 13_108),
            """
            1230212211233422430230432234440233213421201331334000212443303034214322314324204103224032232334233142\
            4300024200314031313223141213302211034103020004234401304033131210432020210111230122320410423433200402
            """
        ),
        Case(
            "a table of localities",
            .maglev.with { $0.localities = .weighted },
            BalancedHost.fourZones,
            (0, 10_923, 21_846),
            """
            2414441440004000144111422202102402412240440112110244241211021214101101142402011240412111414111414112\
            2401220411414441411110412410211012220121240044102114424011040111224122442424410442412100044440210220
            """
        ),
        Case(
            "a table for each priority",
            .maglev,
            BalancedHost.threePriorities,
            (0, 1, 1),
            """
            0434000404003400340033000003030304403343340400030400004300344030030444003033403340033340004444403044\
            0343343333404004433300003000444000440334040004434030034003400040330000004300333003400004440430030433
            """
        ),
    ]
}
