// SPDX-License-Identifier: Apache-2.0

/// The target of a symbolic link, taken apart.
struct LinkTarget {
    /// What is to be done with one name of a path.
    enum Step: Hashable {
        case up
        case down(FileName)
    }

    /// The most links that are followed for one, as Linux has it (`MAXSYMLINKS`).
    static let maximumLinks = 40

    let isAbsolute: Bool
    private(set) var steps: [Step]

    init(_ target: [UInt8]) {
        let slash = UInt8(ascii: "/")
        isAbsolute = target.first == slash
        steps = target.split(separator: slash).compactMap { name in
            if name.elementsEqual(".".utf8) { return nil }
            return name.elementsEqual("..".utf8) ? .up : .down(FileName(name))
        }
    }

    /// Whether it leads to no place outside whatever the links on its way are: all `..` come first,
    /// through directories, and are no more than the link's own depth.
    func staysInside(depth: Int) -> Bool {
        let ups = steps.prefix { $0 == .up }.count
        return !isAbsolute && ups <= depth && !steps.dropFirst(ups).contains(.up)
    }

    /// The steps that are left behind a directory that an absolute target begins with.
    func steps(below directory: LinkTarget) -> ArraySlice<Step>? {
        guard isAbsolute, steps.starts(with: directory.steps) else { return nil }
        return steps.dropFirst(directory.steps.count)
    }

    /// A relative target that leads from one directory to a place, both given from the root.
    static func text(from directory: some Collection<FileName>, to place: [FileName]) -> [UInt8] {
        let common = zip(directory, place).prefix { $0 == $1 }.count
        let ups = [FileName](repeating: Array("..".utf8), count: directory.count - common)
        let names = ups + place.dropFirst(common)
        return names.isEmpty ? [UInt8(ascii: ".")] : Array(names.joined(separator: "/".utf8))
    }
}
