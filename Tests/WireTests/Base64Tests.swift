// SPDX-License-Identifier: Apache-2.0

import Testing
import Wire

@Suite struct Base64Tests {
    /// The vectors of RFC 4648 section 10, and one with both special characters.
    static let vectors: [(bytes: [UInt8], text: String)] = [
        ([], ""),
        (Array("f".utf8), "Zg=="),
        (Array("fo".utf8), "Zm8="),
        (Array("foo".utf8), "Zm9v"),
        (Array("foob".utf8), "Zm9vYg=="),
        (Array("fooba".utf8), "Zm9vYmE="),
        (Array("foobar".utf8), "Zm9vYmFy"),
        ([0xFB, 0xEF, 0xFF], "++//"),
    ]

    @Test(arguments: vectors)
    func encodesAndDecodesTheVectorsOfRFC4648(bytes: [UInt8], text: String) throws {
        #expect(Base64.encode(bytes) == text)
        #expect(try Base64.decode(Array(text.utf8)) == bytes)
    }

    @Test func decodesWhatItEncodedForEveryByteAtEveryPlace() throws {
        for count in 1...6 {
            for byte in UInt8.min...UInt8.max {
                for place in 0..<count {
                    var bytes = [UInt8](repeating: 0x5A, count: count)
                    bytes[place] = byte
                    #expect(try Base64.decode(Array(Base64.encode(bytes).utf8)) == bytes)
                }
            }
        }
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "=", "====", "Zg==Zg==", "Zm9vY", "Zm9v=", "Zm 9", "Zm9\n", "Zm9v\n",
        "Zm-_",
        "=Zg=", "Z===", "Zé=", "\0\0\0\0",
    ])
    func rejectsWhatIsNotBase64(text: String) {
        #expect(throws: WireError.self) { try Base64.decode(Array(text.utf8)) }
    }

    @Test(arguments: ["Zh==", "Zm9=", "Zv==", "Zm+="])
    func rejectsASecondTextForTheSameBytes(text: String) {
        #expect(throws: WireError.malformed("base64 with unused bits that are not zero")) {
            try Base64.decode(Array(text.utf8))
        }
    }
}
