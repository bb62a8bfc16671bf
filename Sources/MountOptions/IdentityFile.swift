// SPDX-License-Identifier: Apache-2.0

/// The users or groups of a server, as a `uidfile` or `gidfile` lists them.
public struct IdentityFile: Equatable, Sendable {
    /// A name and its number on the server.
    public struct Entry: Equatable, Sendable {
        /// The name.
        public let name: String
        /// The number.
        public let number: UInt32
    }

    /// The entries, in their order.
    public let entries: [Entry]

    /// Takes lines apart: `name:number`, or those of passwd(5) and group(5), whose third field is the
    /// number.
    ///
    /// Empty lines and those that begin with `#` are passed over.
    ///
    /// - Parameters:
    ///   - text: the whole file.
    ///   - option: the option that names the file, for the error.
    /// - Throws: `MountOptionError.invalidLine`.
    public init(parsing text: String, option: String) throws(MountOptionError) {
        var entries: [Entry] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            if line.isEmpty || line.hasPrefix("#") { continue }
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            let number = fields.count == 2 ? fields[1] : fields.count > 2 ? fields[2] : ""
            guard let number = UInt32(number), let name = fields.first, !name.isEmpty else {
                throw .invalidLine(option: option, line: index + 1)
            }
            entries.append(Entry(name: String(name), number: number))
        }
        self.entries = entries
    }
}
