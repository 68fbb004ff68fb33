# Room kinds from shared objects: what their hosts export, and how they are built. A kind's own
# CMakeLists.txt may include this file from outside.
set(TUTTI_ROOT ${CMAKE_CURRENT_LIST_DIR}/..)

# The headers of which every function may be called by a kind: sync/rules.h and what it includes.
set(KIND_HEADERS ${TUTTI_ROOT}/sync/rules.h ${TUTTI_ROOT}/sync/pack.h ${TUTTI_ROOT}/sync/base.h)

# The functions that these headers declare: what is left in front of a parenthesis when comments,
# directives and bodies are gone.
function(declared_functions result)
    set(functions)
    foreach(header ${ARGN})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
        file(READ ${header} text)
        string(REGEX REPLACE "/\\*[^*]*\\*+([^/*][^*]*\\*+)*/" "" text "${text}")
        string(REGEX REPLACE "\\\\\n" " " text "${text}")
        string(REGEX REPLACE "(^|\n)#[^\n]*" "\n" text "${text}")
        string(REGEX REPLACE "__attribute__ *\\(\\([^\n]*\\)\\)" "" text "${text}")
        string(REGEX REPLACE "\\{[^{}]*\\}" "" text "${text}")
        string(REGEX MATCHALL "[a-z_][a-z0-9_]*\\(" found "${text}")
        list(APPEND functions ${found})
    endforeach()
    list(TRANSFORM functions REPLACE "\\($" "")
    list(REMOVE_DUPLICATES functions)
    set(${result} ${functions} PARENT_SCOPE)
endfunction()

# A program that loads kinds: it exports those functions and nothing else. They are required by name,
# so that neither the archive nor the optimizer leaves out what the program itself does not call.
function(hosts_kinds target)
    declared_functions(functions ${KIND_HEADERS})
    list(JOIN functions ";\n" names)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${target}.exports CONTENT "{\n@names@;\n};\n"
        @ONLY)
    target_link_options(${target} PRIVATE
        -Wl,--dynamic-list=${CMAKE_CURRENT_BINARY_DIR}/${target}.exports)
    foreach(function ${functions})
        target_link_options(${target} PRIVATE -Wl,--require-defined=${function})
    endforeach()
endfunction()

# add_kind(NAME source...): NAME.so, for the folder of --kinds.
function(add_kind name)
    add_library(${name} MODULE ${ARGN})
    target_include_directories(${name} PRIVATE ${TUTTI_ROOT})
    set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden
        INTERPROCEDURAL_OPTIMIZATION OFF)
endfunction()
