# WebAssembly of pure C: what runs in a page as it runs in the server. A kind's own CMakeLists.txt may
# include this file from outside.
find_program(WASM_CLANG NAMES clang-14 clang REQUIRED) # with lld, whatever compiles the server
set(WASM_INCLUDES ${CMAKE_CURRENT_LIST_DIR}/..)

# wasm_module(NAME source...): NAME.wasm in the build folder, with everything exported that has a name outside
# its file. There is no C library behind it: a call of one does not link.
function(wasm_module name)
    set(objects)
    foreach(source ${ARGN})
        get_filename_component(source ${source} ABSOLUTE)
        get_filename_component(stem ${source} NAME_WE)
        set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.wasm.dir/${stem}.o)
        add_custom_command(OUTPUT ${object} DEPENDS ${source} DEPFILE ${object}.d VERBATIM
            COMMAND ${CMAKE_COMMAND} -E make_directory ${name}.wasm.dir
            COMMAND ${WASM_CLANG} --target=wasm32 -std=c11 -O2 -ffreestanding -fvisibility=default -Wall -Wextra
                -Wpedantic -Werror -I${WASM_INCLUDES} -MD -MF ${object}.d -c ${source} -o ${object})
        list(APPEND objects ${object})
    endforeach()
    add_custom_command(OUTPUT ${name}.wasm DEPENDS ${objects} VERBATIM
        COMMAND ${WASM_CLANG} --target=wasm32 -nostdlib ${objects} -o ${name}.wasm
            -Wl,--no-entry,--export-dynamic,--strip-all,--stack-first,-z,stack-size=16384)
endfunction()
