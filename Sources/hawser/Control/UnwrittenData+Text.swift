// SPDX-License-Identifier: Apache-2.0

import RemoteFS

extension UnwrittenData {
    /// As it travels over a mount's private socket.
    var text: String { "\(files) \(bytes)" }

    /// What has travelled; nil if it is something else.
    init?(text: String) {
        let numbers = text.split(separator: " ", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let files = numbers[0], let bytes = numbers[1], files >= 0,
            bytes >= 0
        else { return nil }
        self.init(files: files, bytes: bytes)
    }

    /// For people.
    var inWords: String {
        "\(UInt64(bytes).inBytes) of \(files) file\(files == 1 ? "" : "s")"
    }
}
